import { lookup } from 'node:dns/promises';

/** All addresses of a name, in the order in which they should be tried. Rejects with the codes of `node:dns`. */
export type HostResolver = (host: string) => Promise<readonly string[]>;

/** As every other program of the machine: hosts file, search domains, then DNS. */
export const systemResolver: HostResolver = async (host) => {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
};
