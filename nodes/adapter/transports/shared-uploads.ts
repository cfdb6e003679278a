// The upload service of each open transport: one, however many nodes use it, for it gives each response to its node.
import { createUploadService, type UploadService } from "../../../lib/services/upload/upload.js";
import type { OpenFileTransport } from "./file-transport-model.js";

const services = new WeakMap<OpenFileTransport, UploadService>();

export function uploadsOf(open: OpenFileTransport): UploadService {
  const known = services.get(open);
  if (known !== undefined) return known;
  const service = createUploadService(open);
  services.set(open, service);
  return service;
}
