// The arrows between the rooms, as docs/explanation/architecture.md gives them: what is not listed is not allowed.
const MAY_IMPORT = {
  peers: [],
  drivers: ['peers'],
  middleware: ['peers'],
  fusion: [],
  robots: ['drivers', 'fusion'],
  policy: ['peers', 'robots', 'fusion'],
  control: ['robots', 'fusion', 'policy'],
  nodes: ['drivers', 'middleware', 'robots', 'fusion', 'control'],
  sim: ['peers', 'drivers', 'middleware', 'control'],
  app: ['peers', 'drivers', 'middleware', 'robots', 'fusion', 'policy', 'control', 'nodes', 'sim'],
  ros2: ['middleware', 'robots', 'nodes', 'app'],
  bench: ['peers', 'drivers', 'middleware', 'fusion', 'policy', 'sim', 'app'],
  cli: ['app', 'ros2', 'bench'],
}
// What `import 'prehend/...'` gives, and rigs for tests of users.
MAY_IMPORT.testing = ['middleware', 'robots', 'fusion', 'app']
MAY_IMPORT.api = ['peers', 'drivers', 'middleware', 'policy', 'control', 'sim', 'testing']
const rooms = [...Object.keys(MAY_IMPORT), 'test', 'scripts']
/** Of a room that another knows by one door: these files alone. */
const DOORS = [
  { from: 'control', room: 'policy', doors: 'policy|policy-error|action/[^/]+' },
  { from: 'sim', room: 'control', doors: 'speech/[^/]+' },
]

module.exports = {
  forbidden: [
    ...Object.entries(MAY_IMPORT).map(([room, allowed]) => ({
      name: `arrow-from-${room}`,
      comment: `${room}/ may import ${allowed.length === 0 ? 'nothing of ours' : allowed.join(', ')}`,
      severity: 'error',
      from: { path: `^${room}/` },
      to: { path: `^(${rooms.filter(other => other !== room && !allowed.includes(other)).join('|')})/` },
    })),
    ...DOORS.map(({ from, room, doors }) => ({
      name: `one-door-from-${from}-to-${room}`,
      comment: `${from}/ may import ${room}/${doors} alone`,
      severity: 'error',
      from: { path: `^${from}/` },
      to: { path: `^${room}/`, pathNot: `^${room}/(${doors})\\.ts$` },
    })),
    { name: 'no-circles', comment: 'types included', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-files-no-sockets-no-workers',
      comment: 'time and bytes come in as values',
      severity: 'error',
      from: { path: '^(fusion|control)/' },
      to: { path: '^(node:)?(fs|net|dgram|http|https|timers|child_process|worker_threads)(/|$)' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|node_modules)/' },
  },
}
