// Schemas of our own making with the constructions of the national ones: includes, an import, a very large maxOccurs,
// prohibited attributes with a type inside, patterns.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const v3 = "urn:hl7-org:v3";
const head = (prefix: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${prefix}schema xmlns:${prefix.slice(0, -1)}="http://www.w3.org/2001/XMLSchema" xmlns="${v3}" xmlns:loc="urn:example:local" targetNamespace="${v3}" elementFormDefault="qualified">`;

export const schemaFiles: Readonly<Record<string, string>> = {
  "messages/Children.xsd": `${head("xs:")}
<xs:include schemaLocation="../types/people.xsd"/>
<xs:import namespace="urn:example:local" schemaLocation="../types/local.xsd"/>
<xs:element name="Children">
  <xs:complexType>
    <xs:sequence>
      <xs:element name="record" type="Record" minOccurs="1" maxOccurs="99999"/>
    </xs:sequence>
  </xs:complexType>
</xs:element>
<xs:complexType name="Record">
  <xs:sequence>
    <xs:element ref="loc:contentId"/>
    <xs:element name="person" type="Person"/>
  </xs:sequence>
</xs:complexType>
</xs:schema>`,
  "types/people.xsd": `${head("xsd:")}
<xsd:complexType name="Person">
  <xsd:sequence>
    <xsd:element name="birthTime" type="Time"/>
    <xsd:element name="family" type="xsd:string"/>
  </xsd:sequence>
  <xsd:attribute name="classCode" use="prohibited">
    <xsd:simpleType><xsd:restriction base="xsd:string"><xsd:enumeration value="PSN"/></xsd:restriction></xsd:simpleType>
  </xsd:attribute>
</xsd:complexType>
<xsd:complexType name="Time">
  <xsd:attribute name="value" use="required" type="TimeText"/>
</xsd:complexType>
<xsd:simpleType name="TimeText">
  <xsd:restriction base="xsd:string"><xsd:pattern value="[0-9]{8}"/></xsd:restriction>
</xsd:simpleType>
</xsd:schema>`,
  "types/local.xsd": `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:example:local">
<xs:element name="contentId"><xs:complexType><xs:attribute name="extension" type="xs:string" use="required"/></xs:complexType></xs:element>
</xs:schema>`,
};

export function writeSchemas(files: Readonly<Record<string, string>>): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "cp-is-schemas-"));
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }
  return folder;
}

export interface SamplePerson {
  readonly birth: string;
  readonly family: string;
  /** Stands between the two. */
  readonly extra?: string;
}

export function children(people: readonly SamplePerson[]): Buffer {
  const records = people.map(
    ({ birth, family, extra = "" }) =>
      `<record><loc:contentId extension="x"/><person><birthTime value="${birth}"/>${extra}<family>${family}</family></person></record>`,
  );
  return Buffer.from(`<Children xmlns="${v3}" xmlns:loc="urn:example:local">\n${records.join("\n")}\n</Children>`);
}

/** For the messages of a query as they are on the wire: the question's time is held to a day, its answer to nothing. */
export const querySchemas: Readonly<Record<string, string>> = {
  "QUPC_IN000006GB01.xsd": `${head("xs:")}
<xs:element name="QUPC_IN000006GB01">
  <xs:complexType>
    <xs:sequence>
      <xs:any namespace="##any" processContents="lax" minOccurs="0" maxOccurs="unbounded"/>
    </xs:sequence>
    <xs:anyAttribute processContents="skip"/>
  </xs:complexType>
</xs:element>
<xs:element name="creationTime">
  <xs:complexType><xs:attribute name="value" use="required" type="Day"/></xs:complexType>
</xs:element>
<xs:simpleType name="Day"><xs:restriction base="xs:string"><xs:pattern value="[0-9]{8}"/></xs:restriction></xs:simpleType>
</xs:schema>`,
  "QUQI_IN010000UK14.xsd": `${head("xs:")}
<xs:element name="QUQI_IN010000UK14"/>
</xs:schema>`,
};
