import { Global, Module } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { DatabaseClock } from './database-clock.js';
import { PrismaService } from './prisma.service.js';

@Global()
@Module({ providers: [PrismaService, { provide: Clock, useClass: DatabaseClock }], exports: [PrismaService, Clock] })
export class PrismaModule {}
