import { Injectable } from '@nestjs/common';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { seconds } from '../platform/prisma/sql-interval.js';

/** A process that wants to do what one process of all does. */
export interface TurnClaim {
  name: string;
  /** Id of the process. */
  holder: string;
}

/** Whose turn it is: all processes ask here, and one of them works. A turn that its process does not hold on to ends by itself. */
@Injectable()
export class SweepTurnsRepository {
  constructor(private readonly prisma: PrismaService) {}

  /** False if it is somebody's turn, or not yet time for the next one. */
  async take({ name, holder }: TurnClaim, leaseSeconds: number): Promise<boolean> {
    const taken = await this.prisma.$executeRaw`
      INSERT INTO sweep_turns (name, holder, until) VALUES (${name}, ${holder}::uuid, now() + ${seconds(leaseSeconds)})
      ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until WHERE sweep_turns.until <= now()`;
    return taken > 0;
  }

  /** Keeps all others away for so long from now on; false if another one has the turn. */
  async hold({ name, holder }: TurnClaim, forSeconds: number): Promise<boolean> {
    const held = await this.prisma.$executeRaw`
      UPDATE sweep_turns SET until = now() + ${seconds(forSeconds)} WHERE name = ${name} AND holder = ${holder}::uuid`;
    return held > 0;
  }
}
