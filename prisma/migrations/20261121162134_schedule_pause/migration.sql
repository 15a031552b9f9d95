-- AlterTable
ALTER TABLE "schedules" ADD COLUMN     "paused_reason" TEXT;
