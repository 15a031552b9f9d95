import { Module } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { AuditModule } from '../audit/audit.module.js';
import { Authenticator } from '../platform/http/access.js';
import { AccessGuard } from './access.guard.js';
import { ActorInterceptor } from './actor.interceptor.js';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { ApiKeysService } from './api-keys.service.js';
import { BootstrapKey } from './bootstrap-key.js';
import { RequestAuthenticator } from './request-authenticator.js';
import { TokenVerifier } from './token-verifier.js';
import { WhoamiController } from './whoami.controller.js';

/** Who calls, and whether they may: before every route of the process that imports it. And the keys to be known by. */
@Module({
  imports: [AuditModule],
  controllers: [ApiKeysController, WhoamiController],
  providers: [
    ApiKeysRepository,
    ApiKeysService,
    BootstrapKey,
    TokenVerifier,
    { provide: Authenticator, useClass: RequestAuthenticator },
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: APP_INTERCEPTOR, useClass: ActorInterceptor },
  ],
  exports: [Authenticator],
})
export class AccessModule {}
