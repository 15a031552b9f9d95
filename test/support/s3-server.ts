import { buildApp } from 'fauxqs';

// Its own `startFauxqs` listens on every interface; a test server has no business there.
const app = buildApp({ logger: false });
const address = await app.listen({ port: Number(process.argv[2]), host: '127.0.0.1' });
console.log(address);
