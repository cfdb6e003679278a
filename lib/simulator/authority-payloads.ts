// Placeholder until the codecs are there.
import type { AccessNotification, InactiveNhsNumberNotification, UploadResponse } from "../cpis/upload-model.js";
export function encodeAccessNotification(_model: AccessNotification): string {
  throw new Error("no codec yet");
}
export function encodeInactiveNhsNumberNotification(_model: InactiveNhsNumberNotification): string {
  throw new Error("no codec yet");
}
export function encodeUploadResponse(_model: UploadResponse): string {
  throw new Error("no codec yet");
}
