import { userInfo } from 'node:os';
import { ApiKeysService } from './access/api-keys.service.js';
import { ApiKeysRepository } from './access/api-keys.repository.js';
import { messageOf, runKeysCommand, USAGE, UsageWrong } from './access/keys-command.js';
import { AuditLog } from './audit/audit-log.js';
import { AuditRepository } from './audit/audit.repository.js';
import { actAs } from './common/actor.js';
import { SystemClock } from './common/clock.js';
import { AppError } from './common/errors.js';
import { EnvironmentInvalid, parseDatabaseUrl } from './config/environment.js';
import { processEnvironment } from './config/process-environment.js';
import { PrismaService } from './platform/prisma/prisma.service.js';

/** `npm run keys`: the keys of the API without the API, for whoever can reach its database. */
async function run(): Promise<void> {
  const prisma = new PrismaService({ database: { url: parseDatabaseUrl(processEnvironment()), poolSize: 1 } });
  const keys = new ApiKeysService(
    new ApiKeysRepository(prisma, new AuditLog(new AuditRepository(prisma))),
    new SystemClock(),
  );
  const operator = { type: 'operator', id: userName(), address: null, requestId: null } as const;
  try {
    console.log(await actAs(operator, () => runKeysCommand(keys, process.argv.slice(2))));
  } finally {
    await prisma.$disconnect();
  }
}

/** A container may run as a user that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}

try {
  await run();
} catch (error) {
  if (error instanceof UsageWrong) console.error(`${error.message}\n\n${USAGE}`);
  else if (error instanceof AppError || error instanceof EnvironmentInvalid) console.error(messageOf(error));
  else console.error(error);
  process.exitCode = 1;
}
