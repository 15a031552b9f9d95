-- AlterEnum
ALTER TYPE "intake_state" ADD VALUE 'started';

-- DropIndex
DROP INDEX "intake_messages_state_available_at_idx";

-- DropIndex
DROP INDEX "intake_messages_owner_group_state_sequence_idx";

-- DropIndex
DROP INDEX "intake_messages_owner_message_id_key";

-- DropIndex
DROP INDEX "intake_messages_owner_bucket_key_key";

-- AlterTable
ALTER TABLE "intake_messages" ADD COLUMN     "identity" TEXT NOT NULL,
ADD COLUMN     "lease_id" UUID,
ADD COLUMN     "route" TEXT,
ADD COLUMN     "title" TEXT,
ADD COLUMN     "told_at" TIMESTAMPTZ(3),
ADD COLUMN     "type" TEXT NOT NULL,
ALTER COLUMN "message_id" DROP NOT NULL;

-- CreateIndex
CREATE INDEX "intake_messages_state_owner_group_sequence_idx" ON "intake_messages"("state", "owner", "group", "sequence");

-- CreateIndex
CREATE INDEX "intake_messages_state_told_at_idx" ON "intake_messages"("state", "told_at");

-- CreateIndex
CREATE INDEX "intake_messages_owner_message_id_idx" ON "intake_messages"("owner", "message_id");

-- CreateIndex
CREATE INDEX "intake_messages_owner_created_at_id_idx" ON "intake_messages"("owner", "created_at" DESC, "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "intake_messages_owner_identity_key" ON "intake_messages"("owner", "identity");

-- CreateIndex
CREATE UNIQUE INDEX "intake_messages_bucket_key_key" ON "intake_messages"("bucket", "key");
