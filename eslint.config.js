import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

// Process starts stand at the top of src; what they say before there is a logger goes to the console.
const ENTRY_POINTS = ['src/*.ts', 'src/local/**'];
// A constructor has its own limit; a request handler lists the parts of the request, each with its decorator.
const HANDLER_OR_METHOD =
  ":not(MethodDefinition[kind='constructor']) > FunctionExpression:not([params.0.decorators.0])";
const TESTS = ['**/*.spec.ts', 'test/**', 'src/**/testing/**'];

export default tseslint.config(
  { ignores: ['dist', 'coverage', 'data', 'src/platform/prisma/generated'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Size and shape: docs/architecture.md and CONTRIBUTING.md name the limits.
      'max-lines': ['error', { max: 300 }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      complexity: ['error', 20],
      'max-depth': ['error', 4],
      'no-restricted-syntax': [
        'error',
        {
          selector: "MethodDefinition[kind='constructor'] > FunctionExpression[params.length>5]",
          message: 'At most five dependencies.',
        },
        {
          selector: `:matches(FunctionDeclaration, ArrowFunctionExpression)[params.length>3], ${HANDLER_OR_METHOD}[params.length>3]`,
          message: 'At most three parameters, then an options object.',
        },
        { selector: 'TSEnumDeclaration', message: 'Use a union type or a const object.' },
        {
          selector: 'TSAsExpression > TSUnknownKeyword',
          message: 'Parse the value instead of casting it through unknown.',
        },
        { selector: 'ExportDefaultDeclaration', message: 'Export by name.' },
        { selector: 'CallExpression[callee.name=forwardRef]', message: 'Cut the circle instead.' },
        {
          selector: "MemberExpression[object.name='process'][property.name='env']",
          message: 'The environment is read in src/config only.',
        },
      ],
      'no-console': 'error',
      eqeqeq: 'error',
      // A default that is not `assertNever` says: all others alike.
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/prefer-readonly': 'error',
      // Nest finds classes by decorator: modules have no members.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      // A parameter property is how Nest injects; an unused argument named _ is how a callback skips one.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // `${number}` is exact and readable; objects and undefined stay forbidden.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `() => doIt()` as a callback hides nothing.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // `async` also turns a throw into a rejection, which a port's method promises.
      '@typescript-eslint/require-await': 'off',
      // Ports are abstract classes; objects that have their members are one of them.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Text is spread to count its code points; presenters spread plain objects that a DTO class describes.
      '@typescript-eslint/no-misused-spread': 'off',
      // noPropertyAccessFromIndexSignature asks for the brackets that the stylistic rule would remove.
      '@typescript-eslint/dot-notation': 'off',
    },
  },
  {
    files: ['src/config/**', 'src/local/**', 'src/local.ts', 'scripts/**', 'test/**', 'bench/**'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  { files: [...ENTRY_POINTS, 'scripts/**', 'bench/**', 'test/support/**'], rules: { 'no-console': 'off' } },
  {
    files: TESTS,
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      '@typescript-eslint/unbound-method': 'off',
      // Parsed answers and matchers such as expect.any() are typed as any; a wrong guess fails the test.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      'no-restricted-syntax': 'off',
      'max-lines-per-function': 'off',
    },
  },
  {
    files: ['*.config.ts', '*.config.js'],
    rules: { 'no-restricted-syntax': 'off' }, // Tools expect a default export.
  },
  {
    files: ['**/*.js', '**/*.cjs', '**/*.mjs'],
    languageOptions: { globals: { module: 'writable', console: 'readonly', process: 'readonly' } },
  },
);
