import { ApiProperty } from '@nestjs/swagger';
import type { Actor } from '../../common/actor.js';
import { SCOPES, type Scope } from '../../common/scope.js';

export class WhoamiDto {
  @ApiProperty({ example: 'acme' })
  owner!: string;

  @ApiProperty({ enum: ['key', 'token', 'anonymous'], description: '`anonymous`: authentication is off.' })
  type!: Actor['type'];

  @ApiProperty({ type: 'string', nullable: true, description: 'Id of the key, or subject of the token.' })
  id!: string | null;

  @ApiProperty({ enum: SCOPES, isArray: true })
  scopes!: Scope[];

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true, description: 'Null: never.' })
  expires_at!: string | null;
}
