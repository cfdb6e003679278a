// Remembers which plans a file has had, in little memory: a file may have a hundred thousand.
import type { PlanDate, PlanType } from "../../model.js";

/** What makes two plans the same: whose, which type, since when. The number and the date must have been checked. */
export interface PlanKey {
  readonly nhsNumber: string;
  readonly planType: PlanType;
  readonly startDate: PlanDate;
}

export interface PlanKeys {
  has(key: PlanKey): boolean;
  add(key: PlanKey): void;
}

const planTypeNumbers: Readonly<Record<PlanType, number>> = {
  "child-protection-plan": 1,
  "looked-after-child": 2,
  "unborn-child-protection-plan": 3,
};

/** Person and type in one number below 2 to the power of 36, never 0. */
function personNumber(key: PlanKey): number {
  return Number(key.nhsNumber) * 4 + planTypeNumbers[key.planType];
}

/** Minutes in a calendar whose months all have 31 days: different for different dates, and below 2 to the power of 27. */
function minuteNumber(date: PlanDate): number {
  const months = (Number(date.slice(0, 4)) - 1900) * 12 + Number(date.slice(5, 7)) - 1;
  const days = months * 31 + Number(date.slice(8, 10)) - 1;
  return days * 1440 + Number(date.slice(11, 13)) * 60 + Number(date.slice(14, 16));
}

/** The two numbers side by side in a table with open addressing; 12 bytes a place, at most half of the places taken. */
interface Table {
  readonly persons: Float64Array;
  readonly minutes: Uint32Array;
}

function createTable(size: number): Table {
  return { persons: new Float64Array(size), minutes: new Uint32Array(size) };
}

/** Where the key is, or where it would go. The size is a power of two. */
function placeOf(table: Table, person: number, minute: number): number {
  const mask = table.persons.length - 1;
  const high = Math.floor(person / 0x1_0000_0000);
  let hash = Math.imul((person >>> 0) ^ Math.imul(high + 1, 0x9e37_79b1), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 15) ^ minute, 0xc2b2_ae35);
  let place = (hash ^ (hash >>> 13)) & mask;
  while (table.persons[place] !== 0 && !(table.persons[place] === person && table.minutes[place] === minute)) {
    place = (place + 1) & mask;
  }
  return place;
}

function grow(table: Table): Table {
  const larger = createTable(table.persons.length * 2);
  table.persons.forEach((person, place) => {
    if (person === 0) return;
    const minute = table.minutes[place] ?? 0;
    const target = placeOf(larger, person, minute);
    larger.persons[target] = person;
    larger.minutes[target] = minute;
  });
  return larger;
}

export function createPlanKeys(): PlanKeys {
  let table = createTable(1024);
  let count = 0;
  return {
    has: (key) => table.persons[placeOf(table, personNumber(key), minuteNumber(key.startDate))] !== 0,
    add: (key) => {
      const person = personNumber(key);
      const minute = minuteNumber(key.startDate);
      const place = placeOf(table, person, minute);
      if (table.persons[place] !== 0) return;
      table.persons[place] = person;
      table.minutes[place] = minute;
      count += 1;
      if (count * 2 > table.persons.length) table = grow(table);
    },
  };
}
