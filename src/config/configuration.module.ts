import { Global, Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { Config } from './config.js';
import { parseEnvironment } from './environment.js';

/** Gives every module the one `Config`. A `.env` file in the working folder fills what the environment leaves out. */
@Global()
@Module({
  imports: [ConfigModule.forRoot({ cache: true })],
  providers: [{ provide: Config, useFactory: () => parseEnvironment(process.env) }],
  exports: [Config],
})
export class ConfigurationModule {}
