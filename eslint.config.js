import tseslint from 'typescript-eslint'

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'node_modules/',
      '**/.venv/',
      '.cache/',
      '.ros/',
      'build/',
      'install/',
      'log/',
      'policy/runs/',
      'data/',
    ],
  },
  ...tseslint.configs.strict,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.js', 'vitest.config.ts'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
  },
  {
    files: ['**/*.ts'],
    ignores: ['vitest.config.ts'],
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-invalid-void-type': 'off',
      // A contract may ask for a promise where an implementation has nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      // What our objects give is made of closures, which need no `this`.
      '@typescript-eslint/unbound-method': 'off',
      // Failures of unknown type are shown and passed on as they are.
      '@typescript-eslint/no-base-to-string': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      // `!` says of an index or a key that it lies within its table, and nothing else.
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-restricted-syntax': [
        'error',
        {
          selector: 'TSNonNullExpression > :not(MemberExpression)',
          message: '`!` may stand after an index alone: say what holds if the value is not there',
        },
      ],
      '@typescript-eslint/unified-signatures': 'off',
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  // Lines and failures have one place: app/output/standard-streams.ts. The picture of the loop is drawn beside it.
  {
    files: ['{drivers,middleware,robots,fusion,policy,control,nodes,sim,app,ros2,cli}/**/*.ts'],
    ignores: ['app/output/standard-streams.ts', 'cli/live-view.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        ...['stdout', 'stderr'].map(property => ({ object: 'process', property, message: 'say it through Output' })),
      ],
    },
  },
  // Where rclnodejs is not set up its types are missing; its name is given as a text, so that nobody looks for them.
  {
    files: ['middleware/ros2/rclnodejs.ts'],
    rules: { '@typescript-eslint/no-unnecessary-type-assertion': 'off' },
  },
  // MuJoCo's binding gives its arrays as `any`.
  {
    files: ['sim/embedded/mujoco-world.ts', 'sim/embedded/cell-handle.ts', 'sim/gazebo/cell-model.ts'],
    rules: Object.fromEntries(
      ['argument', 'assignment', 'return'].map(what => [`@typescript-eslint/no-unsafe-${what}`, 'off']),
    ),
  },
  {
    files: ['test/**'],
    rules: Object.fromEntries(
      ['no-unsafe-assignment', 'no-unsafe-member-access', 'no-unnecessary-type-assertion'].map(rule => [
        `@typescript-eslint/${rule}`,
        'off',
      ]),
    ),
  },
  {
    files: ['scripts/**', 'test/**', 'bench/**'],
    rules: { 'no-console': 'off', 'no-restricted-syntax': 'off' },
  },
  {
    files: ['**/*.mjs', '**/*.cjs', '*.js', 'bin/*', 'vitest.config.ts'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { 'no-console': 'off' },
  },
)
