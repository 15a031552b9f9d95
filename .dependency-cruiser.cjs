/** The picture of docs/architecture.md as rules: a folder imports only what stands after it. */
const LAYERS = [
  ['compat'],
  ['intake', 'schedules', 'webhooks'],
  ['reports', 'exports'],
  ['results'],
  ['retention'],
  ['runs', 'datasets', 'formats'],
  ['access', 'limits', 'outbox', 'storage'],
  ['audit'],
  ['platform'],
  ['config'],
  ['common'],
];

const SPEC = '[.]spec[.]ts$|/testing/';

const layering = LAYERS.flatMap((layer, index) => {
  const below = LAYERS.slice(index + 1).flat();
  return layer.map((folder) => ({
    name: `layer-${folder}`,
    comment: `src/${folder} imports only from itself${below.length > 0 ? `, ${below.join(', ')}` : ''}.`,
    severity: 'error',
    from: { path: `^src/${folder}/` },
    to: { path: '^src/', pathNot: `^src/(${[folder, ...below].join('|')})/` },
  }));
});

/** A technology stays behind the files that may know it; `allowed` matches their paths. */
const confined = (name, packages, allowed) => ({
  name: `confined-${name}`,
  comment: `Only ${allowed} may import ${packages}.`,
  severity: 'error',
  from: { path: '^src/', pathNot: `${allowed}|${SPEC}` },
  to: { path: packages },
});

module.exports = {
  forbidden: [
    ...layering,
    {
      name: 'layer-health',
      severity: 'error',
      from: { path: '^src/health/' },
      to: { path: '^src/', pathNot: '^src/(health|storage|platform|config|common)/' },
    },
    {
      name: 'layer-local',
      comment: 'The launcher runs the other processes; it composes none of their modules.',
      severity: 'error',
      from: { path: '^src/local([.]ts$|/)' },
      to: { path: '^src/', pathNot: '^src/(local|platform|config|common)/' },
    },
    {
      name: 'nobody-knows-local',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/local([.]ts$|/)' },
      to: { path: '^src/local' },
    },
    {
      name: 'roots-are-not-imported',
      comment: 'Process starts and composition roots stand above everything.',
      severity: 'error',
      from: { path: '^src/[^/]+/' },
      to: { path: '^src/[^/]+[.]ts$' },
    },
    {
      name: 'private-to-its-folder',
      comment: 'From another folder import only its module, service, port or domain types.',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/[^/]+/.*([.](repository|mapper|processor|queue|controller)[.]ts$|/dto/)', pathNot: '^src/$1/' },
    },
    confined(
      'prisma',
      '^(node_modules/@prisma/|src/platform/prisma/generated/)',
      '^src/platform/prisma/|[.](repository|mapper)[.]ts$',
    ),
    confined('bull', '^node_modules/(bull|@nestjs/bull)/', '^src/platform/queue/|[.](processor|queue|module)[.]ts$'),
    confined('aws', '^node_modules/(@aws-sdk|@smithy)/', '^src/(storage/drivers/s3|platform/sqs/|intake/drivers/s3)'),
    confined('duckdb', '^node_modules/@duckdb/', '^src/(platform/query-engine|formats)/'),
    {
      name: 'common-is-framework-free',
      severity: 'error',
      from: { path: '^src/common/', pathNot: SPEC },
      to: { path: '^node_modules/@nestjs/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-barrels',
      severity: 'error',
      from: {},
      to: { path: '/index[.]ts$' },
    },
    {
      name: 'only-declared-packages',
      comment:
        'What runs in production is a dependency, not a development dependency or a dependency of another package.',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/local([.]ts$|/)|${SPEC}` },
      // Express itself comes with @nestjs/platform-express.
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], pathNot: '^node_modules/express/' },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: '^node_modules|^src/platform/prisma/generated' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
