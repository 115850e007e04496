// A foreign server for the interoperability tests, on Fedify: software that shares no code with
// ours.  It holds one Person, takes everything that Fedify itself finds properly signed, and
// does what the tests ask over HTTP:
//
//   GET  /test/heard              every activity taken, oldest first, with what Fedify verified
//   GET  /test/actor              its own actor id
//   POST /test/{follow,unfollow}  {"actor": id}
//   POST /test/reply              {"to": object id, "content": html}       -> {"id": …}
//   POST /test/edit               {"id": own object, "content": html}
//   POST /test/remove             {"id": own object}
//   POST /test/{like,unlike}      {"object": id}
//
// Started as: BASE=http://localhost:PORT node peer.mjs
import { createServer } from "node:http";
import { Buffer } from "node:buffer";
import {
  createFederation, detachSignature, generateCryptoKeyPair, hasProofLike, InProcessMessageQueue,
  MemoryKvStore, verifyObject,
} from "@fedify/fedify";
import {
  Accept, Activity, Create, Delete, Endpoints, Follow, Like, lookupObject, Mention, Note,
  Person, PUBLIC_COLLECTION, Tombstone, Undo, Update,
} from "@fedify/fedify/vocab";
import { Temporal } from "@js-temporal/polyfill";

const base = new URL(process.env.BASE);
const name = "zoe";
const keys = [
  await generateCryptoKeyPair("RSASSA-PKCS1-v1_5"),
  await generateCryptoKeyPair("Ed25519"),
];
const heard = [];
const notes = new Map(); // key -> { note, readers }
const said = []; // activities that an Undo may name
const followers = new Map();
let serial = 0;

const federation = createFederation({
  kv: new MemoryKvStore(),
  queue: { outbox: new InProcessMessageQueue() },
  origin: base.origin,
  allowPrivateAddress: true,
  userAgent: { software: "interop-peer/1.0", url: base },
});

federation.setActorDispatcher("/people/{identifier}", async (context, identifier) => {
  if (identifier !== name) return null;
  const pairs = await context.getActorKeyPairs(identifier);
  return new Person({
    id: context.getActorUri(name), preferredUsername: name, name: "Zoé d'ailleurs",
    inbox: context.getInboxUri(name), outbox: context.getOutboxUri(name),
    followers: context.getFollowersUri(name), url: context.getActorUri(name),
    endpoints: new Endpoints({ sharedInbox: context.getInboxUri() }),
    publicKey: pairs[0].cryptographicKey, assertionMethods: pairs.map((pair) => pair.multikey),
  });
}).setKeyPairsDispatcher((_context, identifier) => (identifier === name ? keys : []));
federation.setFollowersDispatcher("/people/{identifier}/followers", () => ({ items: [...followers.values()] }));
federation.setOutboxDispatcher("/people/{identifier}/outbox", () => ({ items: said.toReversed() }));
federation.setObjectDispatcher(Note, "/notes/{key}", (_context, { key }) => notes.get(key)?.note ?? null);
federation.setNodeInfoDispatcher("/nodeinfo/2.1", () => ({
  software: { name: "interop-peer", version: "1.0.0" }, protocols: ["activitypub"],
  usage: { users: { total: 1 }, localPosts: notes.size, localComments: 0 },
}));

federation.setInboxListeners("/people/{identifier}/inbox", "/inbox")
  .setSharedKeyDispatcher(() => ({ identifier: name }))
  .on(Follow, async (context, follow) => {
    const follower = await follow.getActor(context);
    if (follow.objectId?.href !== context.getActorUri(name).href || !follower?.id) return;
    followers.set(follower.id.href, follower);
    await context.sendActivity({ identifier: name }, follower, new Accept({
      id: new URL(`#accept-${++serial}`, context.getActorUri(name)),
      actor: context.getActorUri(name), object: follow,
    }));
  })
  .on(Activity, () => {});

const isInbox = (request) => request.method === "POST" && new URL(request.url).pathname.endsWith("/inbox");

/** Let Fedify judge and take an activity; keep what it took, and whether its proof holds. */
async function hear(request) {
  const text = await request.clone().text();
  const context = federation.createContext(request, undefined);
  const answer = await federation.fetch(request, { contextData: undefined });
  if (answer.status >= 300) {
    console.error("refused", answer.status, text);
    return answer;
  }
  const activity = JSON.parse(text);
  heard.push({ activity, proof: await judgeProof(activity, context) });
  return answer;
}

async function judgeProof(activity, context) {
  if (!hasProofLike(activity)) return "absent";
  const { contextLoader } = context;
  const documentLoader = await context.getDocumentLoader({ identifier: name });
  try {
    const found = await verifyObject(Activity, detachSignature(activity), { documentLoader, contextLoader });
    return found ? "valid" : "invalid";
  } catch (error) {
    return String(error);
  }
}

async function find(context, id) {
  const found = await lookupObject(id, {
    documentLoader: await context.getDocumentLoader({ identifier: name }),
    contextLoader: context.contextLoader, allowPrivateAddress: true,
  });
  if (!found) throw new Error(`cannot look up ${id}`);
  return found;
}

async function say(context, readers, activity) {
  said.push(activity);
  for (const reader of new Map(readers.map((actor) => [actor.id.href, actor])).values()) {
    await context.sendActivity({ identifier: name }, reader, activity, { immediate: true });
  }
}

const fresh = (kind) => new URL(`#${kind}-${++serial}`, new URL(`/people/${name}`, base));
const authorsOf = (context, object) =>
  Promise.all(object.attributionIds.map((id) => find(context, id.href)));
const mine = (id) => notes.get(new URL(id).pathname.split("/").pop());
const me = (context) => context.getActorUri(name);

const commands = {
  async follow(context, { actor }) {
    const followed = await find(context, actor);
    await say(context, [followed], new Follow({ id: fresh("follow"), actor: me(context), object: followed.id }));
  },
  async unfollow(context, { actor }) {
    const followed = await find(context, actor);
    const follow = said.findLast((one) => one instanceof Follow && one.objectId.href === followed.id.href);
    await say(context, [followed], new Undo({ id: fresh("undo"), actor: me(context), object: follow }));
  },
  async reply(context, { to, content }) {
    const parent = await find(context, to);
    const readers = await authorsOf(context, parent);
    const key = `${++serial}`;
    const note = new Note({
      id: context.getObjectUri(Note, { key }), attribution: me(context), content,
      replyTarget: parent.id, published: Temporal.Now.instant(), tos: [PUBLIC_COLLECTION],
      ccs: readers.map((actor) => actor.id),
      tags: readers.map((actor) => new Mention({ href: actor.id, name: `@${actor.preferredUsername}` })),
    });
    notes.set(key, { note, readers });
    await say(context, readers, new Create({
      id: fresh("create"), actor: me(context), object: note, tos: [PUBLIC_COLLECTION],
      ccs: readers.map((actor) => actor.id),
    }));
    return { id: note.id.href };
  },
  async edit(context, { id, content }) {
    const kept = mine(id);
    kept.note = kept.note.clone({ content, updated: Temporal.Now.instant() });
    await say(context, kept.readers, new Update({
      id: fresh("update"), actor: me(context), object: kept.note, tos: [PUBLIC_COLLECTION],
    }));
  },
  async remove(context, { id }) {
    const { readers } = mine(id);
    notes.delete(new URL(id).pathname.split("/").pop());
    await say(context, readers, new Delete({
      id: fresh("delete"), actor: me(context), object: new Tombstone({ id: new URL(id) }), tos: [PUBLIC_COLLECTION],
    }));
  },
  async like(context, { object }) {
    const liked = await find(context, object);
    await say(context, await authorsOf(context, liked), new Like({ id: fresh("like"), actor: me(context), object: liked.id }));
  },
  async unlike(context, { object }) {
    const liked = await find(context, object);
    const like = said.findLast((one) => one instanceof Like && one.objectId.href === object);
    await say(context, await authorsOf(context, liked), new Undo({ id: fresh("undo"), actor: me(context), object: like }));
  },
};

async function obey(request, url) {
  const order = url.pathname.slice("/test/".length);
  const context = federation.createContext(request, undefined);
  if (order === "heard") return Response.json(heard);
  if (order === "actor") return Response.json({ id: me(context).href });
  try {
    return Response.json((await commands[order](context, await request.json())) ?? {});
  } catch (error) {
    console.error(error);
    return Response.json({ error: String(error), cause: String(error.cause ?? "") }, { status: 502 });
  }
}

function answer(request) {
  const url = new URL(request.url);
  if (url.pathname.startsWith("/test/")) return obey(request, url);
  return isInbox(request) ? hear(request) : federation.fetch(request, { contextData: undefined });
}

createServer(async (incoming, outgoing) => {
  const chunks = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const response = await answer(new Request(new URL(incoming.url, base.origin), {
    method: incoming.method, headers: new Headers(incoming.headers),
    body: chunks.length ? Buffer.concat(chunks) : undefined,
  }));
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(Buffer.from(await response.arrayBuffer()));
}).listen(Number(base.port), "localhost", () => console.log(`ready ${base}`));
