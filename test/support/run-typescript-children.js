import { registerHooks } from 'node:module';

// For processes that the code under test starts from its own sources: Node runs TypeScript, but does not find x.ts where
// the code says x.js, as it stands when it is built.
registerHooks({
  resolve(specifier, context, nextResolve) {
    try {
      return nextResolve(specifier, context);
    } catch (error) {
      if (error.code !== 'ERR_MODULE_NOT_FOUND' || !specifier.endsWith('.js')) throw error;
      return nextResolve(specifier.replace(/\.js$/, '.ts'), context);
    }
  },
});
