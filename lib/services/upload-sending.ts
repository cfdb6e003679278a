// Takes the records of an upload to a file with a number of its own, in the store.
import { CpisError, isCpisError } from "../errors.js";
import type { MhsEffects } from "../mhs/model.js";
import type { MessageStore } from "../store/message-store.js";
import type { FileExchange } from "./file-exchange.js";
import { composeUpload, type Composition } from "./upload-composition.js";
import { conversationOf, encodeUploadContext } from "./upload-context.js";
import type { UploadAcceptance, UploadRequest } from "./upload-model.js";
import type { UploadAttributes } from "./upload-rows.js";

export interface UploadSendingParts {
  readonly exchange: FileExchange;
  readonly store: MessageStore;
  readonly effects: Pick<MhsEffects, "now">;
}

/** One row of numbers for a local authority, whatever transport its files go by. */
function sequenceName(localAuthority: string): string {
  return `cp-is upload ${localAuthority}`;
}

/** Throws CPIS_UPLOAD_NUMBER_USED, or what the store throws. */
async function takeFileNumber(store: MessageStore, localAuthority: string, request: UploadRequest): Promise<number> {
  const name = sequenceName(localAuthority);
  const { fileNumber, firstNumber = 1 } = request;
  if (fileNumber !== undefined) {
    if (await store.takeNumber(name, fileNumber)) return fileNumber;
    throw new CpisError("CPIS_UPLOAD_NUMBER_USED", { detail: `the last number was ${await store.lastNumber(name)}` });
  }
  if (await store.takeNumber(name, firstNumber)) return firstNumber;
  return store.nextNumber(name);
}

function refusalOf({ sent, refused }: Composition, { faultyRecords }: UploadRequest): CpisError | undefined {
  if (sent === 0 && refused.length === 0) return new CpisError("CPIS_UPLOAD_EMPTY");
  if (refused.length === 0 || (faultyRecords === "send-valid" && sent > 0)) return undefined;
  const [first] = refused;
  const reasons = first?.reasons.map(({ code }) => code).join(", ") ?? "";
  const detail = `${refused.length} of ${sent + refused.length}, the first is record ${(first?.index ?? 0) + 1}: ${reasons}`;
  return new CpisError("CPIS_UPLOAD_INVALID", { detail });
}

function requireAuthority({ localAuthority }: UploadRequest): string {
  const { code, name, emergencyDutyTelephone } = localAuthority;
  const missing =
    code === undefined ? "code" : name === undefined ? "name" : (emergencyDutyTelephone ?? "emergency duty telephone");
  if (code === undefined || name === undefined || emergencyDutyTelephone === undefined) {
    throw new CpisError("CONFIG_MISSING", { detail: `the local authority's ${missing}` });
  }
  return code;
}

async function store(composition: Composition, request: UploadRequest, parts: UploadSendingParts) {
  const localAuthority = requireAuthority(request);
  const fileNumber = await takeFileNumber(parts.store, localAuthority, request);
  const createdAt = parts.effects.now();
  const file = await composition.finish(fileNumber, createdAt);
  const conversationId = conversationOf(localAuthority, fileNumber);
  const attributes: UploadAttributes = { uploadOwner: request.owner, fileNumber, localAuthority };
  const leftOut = composition.refused.flatMap(({ index }) => (index === undefined ? [] : [index]));
  const unseenColumns = composition.unseenColumns.map(({ column }) => column);
  const context = encodeUploadContext({ kept: request.kept, leftOut, unseenColumns });
  const upload = { ...file, localAuthority, fileNumber, conversationId, createdAt, context, attributes };
  await parts.exchange.send(upload);
  return { fileNumber, conversationId };
}

/** Throws CONFIG_*, CPIS_UPLOAD_NUMBER_USED, EBXML_TOO_LARGE, or what the store throws: then nothing was stored. */
export async function sendUpload(request: UploadRequest, parts: UploadSendingParts): Promise<UploadAcceptance> {
  requireAuthority(request);
  const composition = await composeUpload(request, parts.effects.now());
  const { refused, sent, warned, unseenColumns } = composition;
  if (refused.length > 0) await request.handOut(refused);
  const error = refusalOf(composition, request);
  if (error !== undefined) return { kind: "refused", error, refused: refused.length, unseenColumns };
  try {
    const stored = await store(composition, request, parts);
    return { kind: "accepted", ...stored, sent, refused: refused.length, warned, unseenColumns };
  } catch (failure) {
    if (isCpisError(failure) && failure.code === "CPIS_UPLOAD_NUMBER_USED") {
      return { kind: "refused", error: failure, refused: refused.length, unseenColumns };
    }
    throw failure;
  }
}
