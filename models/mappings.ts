import { Schema, type Connection, type Model } from 'mongoose';
import { isDuplicateKey } from './leases';

/** What has versions of its own: the mapping of one product type, or the connector's assignments to product types (S14). */
export type MappingSubject = { kind: 'mapping'; productType: string } | { kind: 'assignments' };

/** One version, without what it holds. */
export interface MappingVersionHead {
  /** From 1 on, without gaps. */
  version: number;
  /** True where it went back to the built-in one: it holds nothing. */
  isRemoval: boolean;
  /** How many rules it has. */
  rules: number;
  at: Date;
  by: { id: string; name: string };
  /** What the author says of it. */
  note: string | null;
}

/** One version, with what it holds; undefined for a removal. */
export interface MappingVersion extends MappingVersionHead {
  content: unknown;
}

interface MappingDocument extends MappingVersionHead {
  /** `connectorId:subject:version`: who inserts it first has written that version. */
  _id: string;
  connectorId: string;
  /** `mapping:SHIRT` or `assignments` */
  subject: string;
  /** As text: its keys hold dots. */
  json: string | null;
}

const mappingSchema = new Schema(
  {
    _id: { type: String, required: true },
    connectorId: { type: String, required: true },
    subject: { type: String, required: true },
    version: { type: Number, required: true },
    isRemoval: { type: Boolean, required: true },
    rules: { type: Number, required: true },
    at: { type: Date, required: true },
    by: { type: { _id: false, id: String, name: String }, required: true },
    note: { type: String, default: null },
    json: { type: String, default: null },
  },
  { collection: 'mappings', minimize: false, versionKey: false }
);
mappingSchema.index({ connectorId: 1, subject: 1 });

export function mappingModel(connection: Connection): Model<MappingDocument> {
  return (connection.models.Mapping ?? connection.model('Mapping', mappingSchema)) as unknown as Model<MappingDocument>;
}

/** What a version says of itself when it is written. */
export type MappingAuthorship = Pick<MappingVersionHead, 'at' | 'by' | 'note' | 'rules'>;

/**
 * Mappings and assignments, every version of them. A change is one insert under the next version's id, so that of two who
 * change the same version one is told; nothing is ever overwritten, and a run can go on with the versions it began with.
 */
export function mappingStore(connection: Connection) {
  const model = mappingModel(connection);

  /** The newest first. */
  async function history(connectorId: string, subject: MappingSubject): Promise<MappingVersionHead[]> {
    const found = await model.find({ connectorId, subject: nameOf(subject) }, { json: 0 }).lean();
    return found.map(headOf).sort((one, other) => other.version - one.version);
  }

  async function version(
    connectorId: string,
    subject: MappingSubject,
    number: number
  ): Promise<MappingVersion | undefined> {
    const found = await model.findById(idOf(connectorId, subject, number)).lean();
    return found ? versionOf(found) : undefined;
  }

  return {
    history,
    version,

    /** The newest version; undefined when there was never one. */
    async current(connectorId: string, subject: MappingSubject): Promise<MappingVersion | undefined> {
      const [newest] = await history(connectorId, subject);
      return newest && version(connectorId, subject, newest.version);
    },

    /** The newest version of everything that a connector has, in the order of the product types; the assignments first. */
    async heads(connectorId: string): Promise<(MappingVersionHead & { subject: MappingSubject })[]> {
      const found = await model.find({ connectorId }, { json: 0 }).lean();
      const newest = new Map<string, (typeof found)[number]>();
      for (const each of found)
        if (each.version > (newest.get(each.subject)?.version ?? 0)) newest.set(each.subject, each);
      return [...newest.values()]
        .sort((one, other) => (one.subject < other.subject ? -1 : 1))
        .map((each) => ({ ...headOf(each), subject: subjectOf(each.subject) }));
    },

    /**
     * Writes the version after the one that was read.
     *
     * @param readVersion - 0 when there was none.
     * @param content - JSON; undefined goes back to the built-in one.
     * @returns undefined when another version was written meanwhile.
     */
    async save(
      connectorId: string,
      subject: MappingSubject,
      readVersion: number,
      content: unknown,
      authorship: MappingAuthorship
    ): Promise<MappingVersion | undefined> {
      const next: MappingDocument = {
        _id: idOf(connectorId, subject, readVersion + 1),
        connectorId,
        subject: nameOf(subject),
        version: readVersion + 1,
        isRemoval: content === undefined,
        ...authorship,
        json: content === undefined ? null : JSON.stringify(content),
      };
      const [newest] = await history(connectorId, subject);
      if ((newest?.version ?? 0) !== readVersion) return undefined;
      try {
        await model.create(next);
      } catch (error) {
        if (isDuplicateKey(error)) return undefined;
        throw error;
      }
      return versionOf(next);
    },

    async removeAll(connectorId: string): Promise<void> {
      await model.deleteMany({ connectorId });
    },
  };
}

export type MappingStore = ReturnType<typeof mappingStore>;

const MAPPING = 'mapping:';

function nameOf(subject: MappingSubject): string {
  return subject.kind === 'mapping' ? `${MAPPING}${subject.productType}` : subject.kind;
}

function subjectOf(name: string): MappingSubject {
  return name.startsWith(MAPPING)
    ? { kind: 'mapping', productType: name.slice(MAPPING.length) }
    : { kind: 'assignments' };
}

function idOf(connectorId: string, subject: MappingSubject, version: number): string {
  return `${connectorId}:${nameOf(subject)}:${version}`;
}

function headOf({ version, isRemoval, rules, at, by, note }: MappingVersionHead): MappingVersionHead {
  return { version, isRemoval, rules, at, by, note };
}

function versionOf(document: MappingDocument): MappingVersion {
  return {
    ...headOf(document),
    content: document.json === null ? undefined : (JSON.parse(document.json) as unknown),
  };
}
