import dns from 'node:dns/promises';
import { syncBuiltinESMExports } from 'node:module';

/** Loaded before everything else (`node --import`): no name leads to a server, so that made-up URLs disturb nobody. */
dns.lookup = (name) => Promise.reject(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }));
syncBuiltinESMExports();
