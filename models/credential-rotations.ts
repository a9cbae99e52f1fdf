import type { Connection } from 'mongoose';
import type { WaitingFor } from '../domain/connector';
import type { Rotation, RotationCause } from '../domain/credential-rotation';
import { credentialModel } from './credentials';

/** How far the changes of client secrets are. Each write is one compare-and-set. */
export function rotationStore(connection: Connection) {
  const model = credentialModel(connection);

  async function begin(id: string, state: Rotation['state'], cause: RotationCause, at: Date): Promise<boolean> {
    const rotation: Rotation = {
      state,
      cause,
      startedAt: at,
      requestedAt: null,
      answer: null,
      waitingFor: null,
      endedAt: null,
    };
    const isFree = [{ rotation: null }, { 'rotation.endedAt': { $ne: null } }];
    return (await model.updateOne({ _id: id, $or: isFree }, { $set: { rotation } })).modifiedCount === 1;
  }

  return {
    /** Begins a rotation that Amazon is to be asked for. @returns false when one is under way: that goes on. */
    ask: (id: string, cause: 'asked' | 'automatic', at: Date): Promise<boolean> => begin(id, 'requesting', cause, at),

    /** A new secret is there to be proved: begins a rotation, or brings on the one under way. */
    async prove(id: string, cause: 'received' | 'saved', at: Date): Promise<void> {
      if (await begin(id, 'proving', cause, at)) return;
      await model.updateOne(
        { _id: id, 'rotation.endedAt': null },
        { $set: { 'rotation.state': 'proving', 'rotation.startedAt': at } }
      );
    },

    /**
     * Says that Amazon is being asked for a new secret. To be called before it is: whoever dies in between leaves a request
     * that may have been made, and that nobody makes again.
     *
     * @returns false when somebody has asked already.
     */
    async markRequested(id: string, at: Date, waitingFor: WaitingFor): Promise<boolean> {
      const marked = await model.updateOne(
        { _id: id, 'rotation.state': 'requesting', 'rotation.requestedAt': null },
        {
          $set: {
            'rotation.state': 'awaiting',
            'rotation.requestedAt': at,
            'rotation.answer': 'unknown',
            'rotation.waitingFor': waitingFor,
          },
        }
      );
      return marked.modifiedCount === 1;
    },

    async noteAccepted(id: string, requestedAt: Date, waitingFor: WaitingFor): Promise<void> {
      await model.updateOne(
        { _id: id, 'rotation.requestedAt': requestedAt },
        { $set: { 'rotation.answer': 'accepted' } }
      );
      await model.updateOne(
        { _id: id, 'rotation.requestedAt': requestedAt, 'rotation.state': 'awaiting' },
        { $set: { 'rotation.waitingFor': waitingFor } }
      );
    },

    /** Amazon has said that it made no secret, so it may be asked again. */
    async noteRefused(id: string, requestedAt: Date, waitingFor: WaitingFor): Promise<void> {
      await model.updateOne(
        { _id: id, 'rotation.requestedAt': requestedAt, 'rotation.state': 'awaiting' },
        {
          $set: {
            'rotation.state': 'requesting',
            'rotation.requestedAt': null,
            'rotation.answer': null,
            'rotation.waitingFor': waitingFor,
          },
        }
      );
    },

    /** What the rotation under way waits for. */
    async noteWaiting(id: string, waitingFor: WaitingFor): Promise<void> {
      await model.updateOne(
        { _id: id, rotation: { $ne: null }, 'rotation.endedAt': null },
        { $set: { 'rotation.waitingFor': waitingFor } }
      );
    },

    /** Ends the rotation under way, if it is still in this state; not well while there is a secret that nobody has tried. */
    async end(
      id: string,
      from: Rotation['state'],
      { state, waitingFor }: { state: 'done' | 'failed'; waitingFor: WaitingFor | null },
      at: Date
    ): Promise<void> {
      await model.updateOne(
        {
          _id: id,
          'rotation.state': from,
          'rotation.endedAt': null,
          ...(from === 'proving' && state === 'done' && { 'clientSecret.next': null, 'clientSecret.received': null }),
        },
        { $set: { 'rotation.state': state, 'rotation.waitingFor': waitingFor, 'rotation.endedAt': at } }
      );
    },
  };
}

export type RotationStore = ReturnType<typeof rotationStore>;
