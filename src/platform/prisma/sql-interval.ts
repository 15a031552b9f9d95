import { Prisma } from './generated/client.js';

/** So many seconds as an interval, to add to a time of the database. */
export const seconds = (value: number): Prisma.Sql => Prisma.sql`${value} * interval '1 second'`;
