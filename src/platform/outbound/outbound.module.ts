import { Module } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { OutboundHttp } from './outbound-http.js';
import { RateLimiter } from './rate-limiter.js';
import { RedisRateLimiter } from './redis-rate-limiter.js';
import { UndiciHttp } from './undici-http.js';

/** Requests to servers that clients name, and how often they may be made. */
@Module({
  providers: [
    { provide: OutboundHttp, inject: [Config], useFactory: (config: Config) => new UndiciHttp(config) },
    { provide: RateLimiter, inject: [Config], useFactory: (config: Config) => new RedisRateLimiter(config) },
  ],
  exports: [OutboundHttp, RateLimiter],
})
export class OutboundModule {}
