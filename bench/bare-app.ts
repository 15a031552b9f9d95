import { BullModule, InjectQueue } from '@nestjs/bull';
import { Body, Controller, Get, HttpCode, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PrismaPg } from '@prisma/adapter-pg';
import type { Queue } from 'bull';
import { v7 as uuidv7 } from 'uuid';
import { PrismaClient } from '../src/platform/prisma/generated/client.js';

const prisma = new PrismaClient({
  adapter: new PrismaPg({ connectionString: process.env['DATABASE_URL'] ?? '', max: 10 }),
});

/** The least that creating a run can be: one insert and one job, nothing checked. */
@Controller('api/v1/reports')
class BareController {
  constructor(@InjectQueue('bare') private readonly queue: Queue) {}

  @Post()
  @HttpCode(202)
  async create(@Body() body: { report_name: string }): Promise<{ report_id: string }> {
    const id = uuidv7();
    const now = new Date();
    await prisma.run.create({
      data: {
        id,
        owner: 'bare',
        kind: 'report',
        name: body.report_name,
        definitionVersion: 1,
        parameters: {},
        timeZone: 'UTC',
        inputs: [],
        fingerprint: '',
        availableAt: now,
        timeoutSeconds: 1,
        createdAt: now,
        expiresAt: now,
      },
    });
    await this.queue.add({ runId: id }, { jobId: id });
    return { report_id: id };
  }
}

@Controller('health')
class ProbeController {
  @Get()
  probe(): string {
    return 'ok';
  }
}

@Module({
  imports: [
    BullModule.forRoot({ url: process.env['REDIS_URL'] ?? '', prefix: 'bare' }),
    BullModule.registerQueue({ name: 'bare' }),
  ],
  controllers: [BareController, ProbeController],
})
class BareModule {}

// Loads the client's query compiler now: the script runner resolves no imports later.
await prisma.run.count();
const app = await NestFactory.create(BareModule, { logger: ['error'] });
await app.listen(Number(process.env['PORT']), '127.0.0.1');
