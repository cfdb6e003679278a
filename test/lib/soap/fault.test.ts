import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { isCpisError } from "../../../lib/errors.js";
import { parseSoapEnvelope } from "../../../lib/soap/envelope.js";
import { encodeSoapFault, isRetriableFault, readSoapFault, type SoapFault } from "../../../lib/soap/fault.js";

const fault: SoapFault = {
  faultCode: "Server",
  faultString: "Application Exception",
  errors: [
    {
      codeContext: "urn:nhs:names:error:tms",
      errorCode: "208",
      severity: "Error",
      location: "Not Supported",
      description: "Failure storing variable in memo",
    },
  ],
};

const vector = readFileSync(join(__dirname, "../../vectors/soap/fault/failure-storing-variable.http"));
const body = vector.subarray(vector.indexOf("\r\n\r\n") + 4);
const text = body.toString("utf8");

function read(xml: string | Buffer): SoapFault | undefined {
  return readSoapFault(parseSoapEnvelope(Buffer.from(xml)).body);
}

function changed(from: string, to: string): SoapFault | undefined {
  assert.ok(text.includes(from));
  return read(text.replaceAll(from, to));
}

function withCodes(...codes: readonly string[]): SoapFault {
  const [error] = fault.errors;
  assert.ok(error !== undefined);
  return { ...fault, errors: codes.map((errorCode) => ({ ...error, errorCode })) };
}

describe("a SOAP fault", () => {
  it("is written to the byte and read back", () => {
    assert.equal(encodeSoapFault(fault).toString("utf8"), text);
    assert.ok(vector.toString("latin1").includes(`Content-Length: ${body.byteLength}\r\n`));
    assert.deepEqual(read(body), fault);
  });

  it("is read with any prefix for SOAP", () => {
    assert.deepEqual(read(text.replaceAll("SOAP:", "soap:").replace("xmlns:SOAP", "xmlns:soap")), fault);
    assert.equal(changed("<faultcode>SOAP:Server", "<faultcode>soap:Client")?.faultCode, "Client");
    assert.equal(changed("<faultcode>SOAP:Server", "<faultcode>Client")?.faultCode, "Client");
  });

  it("is read with its error list in the default namespace", () => {
    const bare = text.replaceAll("nasp:", "").replace("xmlns:nasp", "xmlns").replace("<errorList nasp", "<errorList");
    assert.deepEqual(read(bare), fault);
  });

  it("is read with white space around its values", () => {
    assert.equal(isRetriableFault(changed(">208<", ">\n 208 <") ?? fault), true);
    assert.deepEqual(changed(">Application Exception<", "> Application Exception\n<"), fault);
  });

  it("is read with the other spelling of the code context", () => {
    assert.equal(changed("urn:nhs:names:error:tms", "urn:nhs:names:errors:tms")?.errors[0]?.errorCode, "208");
  });

  it("is read with an empty location, and without one", () => {
    const location = "<nasp:location>Not Supported</nasp:location>";
    assert.equal(changed(location, "<nasp:location/>")?.errors[0]?.location, "");
    assert.equal(changed(location, "")?.errors[0]?.location, "");
  });

  it("is read without error list, and without detail", () => {
    const withoutList = read(text.replace(/<nasp:errorList[^]*<\/nasp:errorList>/, "some text"));
    assert.deepEqual(withoutList, { ...fault, errors: [] });
    assert.deepEqual(read(text.replace(/<detail>[^]*<\/detail>/, "")), { ...fault, errors: [] });
  });

  it("is written without detail when there is no error", () => {
    const empty = { ...fault, errors: [] };
    assert.deepEqual(read(encodeSoapFault(empty)), empty);
    assert.equal(encodeSoapFault(empty).includes("detail"), false);
  });

  it("is read with the error of the Interoperability Toolkit, without its diagnostic text", () => {
    const info =
      '<itk:ToolkitErrorInfo xmlns:itk="urn:nhs-itk:ns:201005"><itk:ErrorID>1</itk:ErrorID><itk:ErrorCode>2100' +
      "</itk:ErrorCode><itk:ErrorText>Invalid message</itk:ErrorText><itk:ErrorDiagnosticText>secret" +
      "</itk:ErrorDiagnosticText></itk:ToolkitErrorInfo>";
    const errors = read(text.replace(/<nasp:errorList[^]*<\/nasp:errorList>/, info))?.errors;
    assert.deepEqual(errors, [
      {
        codeContext: "urn:nhs-itk:ns:201005",
        errorCode: "2100",
        severity: "Error",
        location: "",
        description: "Invalid message",
      },
    ]);
  });

  it("is undefined for a body without fault", () => {
    assert.equal(read(text.replaceAll("SOAP:Fault", "other")), undefined);
  });

  it("may be retried when all of its codes say that it is temporary", () => {
    assert.equal(isRetriableFault(withCodes("200")), true);
    assert.equal(isRetriableFault(withCodes("206", "208", "200")), true);
  });

  it("is final with any other code, and with none", () => {
    assert.equal(isRetriableFault(withCodes("206", "101")), false);
    assert.equal(isRetriableFault(withCodes("201")), false);
    assert.equal(isRetriableFault(withCodes("2000")), false);
    assert.equal(isRetriableFault(withCodes()), false);
  });

  it("comes back from its bytes with any text", () => {
    const value = fc.string({ unit: "grapheme" }).map((one) => one.trim());
    const plain = { noNullPrototype: true };
    const error = fc.record(
      { codeContext: value, errorCode: value, severity: value, location: value, description: value },
      plain,
    );
    const any = fc.record(
      {
        faultCode: fc.stringMatching(/^[A-Za-z.]{0,12}$/),
        faultString: value,
        errors: fc.array(error, { maxLength: 4 }),
      },
      plain,
    );
    fc.assert(
      fc.property(any, (one) => {
        assert.deepEqual(read(encodeSoapFault(one)), one);
      }),
    );
  });

  it("gives a value or a coded error at every cut and every changed byte", () => {
    const isTotal = (bytes: Buffer): boolean => {
      try {
        readSoapFault(parseSoapEnvelope(bytes).body);
        return true;
      } catch (error) {
        return isCpisError(error);
      }
    };
    for (let index = 0; index < body.byteLength; index += 1) {
      assert.ok(isTotal(body.subarray(0, index)));
      const damaged = Buffer.from(body);
      damaged[index] = (damaged[index] ?? 0) ^ (1 << (index % 8));
      assert.ok(isTotal(damaged));
    }
  });
});
