import { AppError, ErrorCode, ServiceUnavailable } from '../common/errors.js';

export class WebhookNotFound extends AppError {
  readonly code = ErrorCode.WebhookNotFound;

  constructor(id: string) {
    super(`There is no webhook ${id}, or it is not yours. GET /api/v1/webhooks lists them.`);
  }
}

export class DeliveryNotFound extends AppError {
  readonly code = ErrorCode.DeliveryNotFound;

  constructor(id: string) {
    super(`There is no delivery ${id} here. It may be older than the events that are kept.`);
  }
}

export class WebhookDisabled extends AppError {
  readonly code = ErrorCode.WebhookDisabled;

  constructor(id: string) {
    super(`Webhook ${id} is disabled and is sent nothing. Enable it first: PATCH it with {"enabled": true}.`);
  }
}

/** No secret can be made or kept without a key to seal it with. */
export class SealKeyMissing extends ServiceUnavailable {
  constructor() {
    super(
      'Webhooks cannot be created or rotated here: the operator must set WEBHOOK_SEAL_KEY, at least 32 characters, for the ' +
        'API and the workers. Callback URLs of runs work without it.',
    );
  }
}
