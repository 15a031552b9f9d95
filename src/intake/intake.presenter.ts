import type { IntakeMessageDto, IntakeReceiptDto } from './dto/intake.dto.js';
import type { IntakeMessage, Receipt } from './intake-message.js';

export function toMessageDto(message: IntakeMessage): IntakeMessageDto {
  return {
    ...{ id: message.messageId, type: message.type, state: message.state, group: message.group },
    ...{ bucket: message.bucket, file_name: message.key, run_id: message.runId, reason: message.reason },
    received_at: message.createdAt.toISOString(),
    finished_at: message.finishedAt?.toISOString() ?? null,
    told_at: message.toldAt?.toISOString() ?? null,
  };
}

export function toReceiptDto({ message, repeated }: Receipt): IntakeReceiptDto {
  return { ...toMessageDto(message), repeated };
}
