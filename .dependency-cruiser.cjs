// The arrows between the rooms, as docs/explanation/architecture.md gives them: what is not listed is not allowed.
const MAY_IMPORT = {
  fusion: [],
  middleware: [],
  drivers: [],
  nodes: ['fusion', 'middleware', 'drivers'],
  sim: ['fusion', 'middleware', 'drivers'],
  cli: ['fusion', 'middleware', 'drivers', 'nodes', 'sim', 'bench', 'dashboard'],
}
const rooms = Object.keys(MAY_IMPORT).concat('bench', 'dashboard', 'policy', 'test', 'scripts')

module.exports = {
  forbidden: [
    ...Object.entries(MAY_IMPORT).map(([room, allowed]) => ({
      name: `arrow-from-${room}`,
      comment: `${room}/ may import ${allowed.length === 0 ? 'nothing of ours' : allowed.join(', ')}`,
      severity: 'error',
      from: { path: `^${room}/` },
      to: { path: `^(${rooms.filter(other => other !== room && !allowed.includes(other)).join('|')})/` },
    })),
    {
      name: 'sim-knows-only-types-of-fusion',
      comment: 'sim/ may import types of fusion/, and no code',
      severity: 'error',
      from: { path: '^sim/' },
      to: { path: '^fusion/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'fusion-is-pure',
      comment: 'time and bytes come in as values',
      severity: 'error',
      from: { path: '^fusion/', pathNot: '^fusion/policy/inference-process\\.ts$' },
      to: { path: '^(node:)?(net|dgram|http|https|timers|child_process)(/|$)' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|node_modules)/' },
  },
}
