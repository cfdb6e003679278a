// The golden vectors of the local authority's messages: the model and the form that each file is written from.
import {
  encodeAccessNotification,
  type AccessNotificationForm,
} from "../../../lib/cpis/notification/access-notification.js";
import { encodeInactiveNhsNumberNotification } from "../../../lib/cpis/notification/inactive-number-notification.js";
import { encodeUploadFile } from "../../../lib/cpis/upload/upload-file.js";
import type {
  AccessNotification,
  InactiveNhsNumberNotification,
  UploadFile,
  UploadResponse,
} from "../../../lib/cpis/upload/upload-model.js";
import { encodeUploadResponse } from "../../../lib/cpis/upload/upload-response.js";
import type { InteractionForm } from "../../../lib/hl7v3/interaction.js";
import {
  accessNotificationOf,
  endedPlan,
  everything,
  fileLevelError,
  fileOf,
  inactiveNumbers,
  loadedRecord,
  lookedAfter,
  partialResponse,
  personAccess,
  refusedRecord,
  responseOf,
  secondChild,
  systemAccess,
  withdrawnUnborn,
  withoutReplacement,
} from "./authority-samples.js";

export interface AuthorityVector<Model> {
  readonly name: string;
  readonly model: Model;
  readonly written: string;
}

/** With the prefix hl7: on every name, as Spine writes some messages. */
export function prefixed(document: string): string {
  return document.replace(/<(\/?)(?=[A-Za-z])(?!npfitlc:)/g, "<$1hl7:").replace(' xmlns="', ' xmlns:hl7="');
}

export function withoutNamespace(document: string): string {
  return document.replace(' xmlns="urn:hl7-org:v3"', "");
}

/** In two elements that nothing is known of. */
export function wrapped(document: string): string {
  return `<envelope xmlns="urn:example:envelope"><body>${document}</body></envelope>`;
}

function inEveryForm<Model>(name: string, model: Model, written: string): readonly AuthorityVector<Model>[] {
  return [
    { name, model, written },
    { name: `${name}-prefixed`, model, written: prefixed(written) },
    { name: `${name}-without-namespace`, model, written: withoutNamespace(written) },
    { name: `${name}-wrapped`, model, written: wrapped(written) },
  ];
}

function file(name: string, model: UploadFile): AuthorityVector<UploadFile> {
  return { name, model, written: encodeUploadFile(model) };
}

const severalRecords = fileOf([endedPlan, lookedAfter, withdrawnUnborn]);

export const uploadFileVectors: readonly AuthorityVector<UploadFile>[] = [
  file("child-protection-plan-ended", fileOf([endedPlan])),
  file("looked-after-child", fileOf([lookedAfter])),
  file("unborn-child-protection-plan-withdrawn", fileOf([withdrawnUnborn])),
  file("every-plan-in-one-record", fileOf([everything])),
  ...inEveryForm("several-records", severalRecords, encodeUploadFile(severalRecords)),
];

function response(name: string, model: UploadResponse): AuthorityVector<UploadResponse> {
  return { name, model, written: encodeUploadResponse(model) };
}

const detailedResponse = responseOf("CPF04", [
  {
    ...refusedRecord(0, "CPR07"),
    results: refusedRecord(0, "CPR07").results.map((result) => ({
      ...result,
      details: [{ code: "END_BEFORE_START", displayName: "The end date is before the start date" }],
    })),
  },
]);

export const uploadResponseVectors: readonly AuthorityVector<UploadResponse>[] = [
  ...inEveryForm("partly-loaded", partialResponse, encodeUploadResponse(partialResponse)),
  response("all-loaded", responseOf("CPF02", [loadedRecord(0), loadedRecord(1, secondChild)])),
  response("none-loaded", responseOf("CPF04", [refusedRecord(0), refusedRecord(1)])),
  response("file-level-error", fileLevelError),
  response("pds-unavailable", { ...responseOf("CPF05", []), recordsProcessed: 2 }),
  response("all-loaded-without-records", { ...responseOf("CPF02", []), recordsProcessed: 2, successful: 2 }),
  response("details-in-translation", detailedResponse),
  {
    name: "details-in-qualifier",
    model: detailedResponse,
    written: encodeUploadResponse(detailedResponse, "qualifier"),
  },
];

function access(
  name: string,
  model: AccessNotification,
  form: AccessNotificationForm = {},
): AuthorityVector<AccessNotification> {
  return { name, model, written: encodeAccessNotification(model, form) };
}

const bothAccesses = accessNotificationOf([personAccess, systemAccess]);

export const accessNotificationVectors: readonly AuthorityVector<AccessNotification>[] = [
  access("person-author", accessNotificationOf([personAccess])),
  access("system-author", accessNotificationOf([systemAccess])),
  access("empty", accessNotificationOf([])),
  access("two-upload-files", accessNotificationOf([personAccess, { ...systemAccess, uploadFileId: "124" }])),
  access("d1-grouped-accesses", bothAccesses, { isGrouped: true }),
  access("d8-prefixed", bothAccesses, { namespace: "prefixed" }),
  access("d8-no-namespace", bothAccesses, { namespace: "none" }),
  access("d8-wrapped", bothAccesses, { wrappedIn: "REPC_IN000004GB01" }),
];

function inactive(
  name: string,
  model: InactiveNhsNumberNotification,
  form: InteractionForm = {},
): AuthorityVector<InactiveNhsNumberNotification> {
  return { name, model, written: encodeInactiveNhsNumberNotification(model, form) };
}

export const inactiveNotificationVectors: readonly AuthorityVector<InactiveNhsNumberNotification>[] = [
  inactive("replaced", inactiveNumbers),
  inactive("without-replacement", withoutReplacement),
  inactive("several-new-versions", {
    ...inactiveNumbers,
    numbers: [{ nhsNumber: "9990000026", replacedBy: ["9990000069", "9990000077"], uploadFileId: "123" }],
  }),
  inactive("d8-prefixed", withoutReplacement, { namespace: "prefixed" }),
  inactive("d8-no-namespace", withoutReplacement, { namespace: "none" }),
  inactive("d8-wrapped", withoutReplacement, { wrappedIn: "REPC_IN000005GB01" }),
];
