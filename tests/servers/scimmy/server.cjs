// A SCIM 2.0 service: SCIMMY (schemas, filters, PATCH, paging, Bulk) with its routers for Express, both of which
// others wrote. Ours are only the shelf that users lie on and the start. Users live in memory.
//
//   NODE_PATH=tests/.tools/scimmy/node_modules PORT=8400 TOKEN=secret node tests/servers/scimmy/server.cjs
//
// Prints one line per request, `PATCH /scim/v2/Users/1 200`, once it is answered.
//
// Express 4 and not 5: scimmy-routers 1.3 turns `startIndex` and `count` into numbers by writing into `req.query`,
// which Express 5 computes anew at every look; there every listing is the first 20 users.

const { randomUUID } = require("node:crypto");
const express = require("express");
const { default: SCIMMY } = require("scimmy");
const { default: SCIMMYRouters } = require("scimmy-routers");

const { PORT, TOKEN } = process.env;
const users = new Map();

const nobody = (id) => new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);

/** One user, or all that the filter matches. Sorting and paging are SCIMMY's. */
function egress({ id, filter }) {
    if (id) {
        if (!users.has(id)) throw nobody(id);
        return users.get(id);
    }
    const everyone = [...users.values()];
    return filter ? filter.match(everyone) : everyone;
}

/** Creates, or replaces as PUT and PATCH want it. `userName` is unique, whatever its case (RFC 7643 §4.1.1). */
function ingress({ id }, instance) {
    if (id && !users.has(id)) throw nobody(id);
    const name = instance.userName.toLowerCase();
    const taken = [...users.values()].some((user) => user.id !== id && user.userName.toLowerCase() === name);
    if (taken) throw new SCIMMY.Types.Error(409, "uniqueness", "userName is taken");
    const now = new Date().toISOString();
    const created = id ? users.get(id).meta.created : now;
    const user = JSON.parse(JSON.stringify(instance));
    Object.assign(user, { id: id ?? randomUUID(), meta: { created, lastModified: now } });
    users.set(user.id, user);
    return user;
}

function degress({ id }) {
    if (!users.delete(id)) throw nobody(id);
}

SCIMMY.Resources.declare(SCIMMY.Resources.User, {
    extensions: [{ schema: SCIMMY.Schemas.EnterpriseUser, required: false }],
    ingress,
    egress,
    degress,
});

const app = express();
app.use((request, response, next) => {
    response.on("finish", () => console.log(request.method, request.originalUrl, response.statusCode));
    next();
});
app.use("/scim/v2", new SCIMMYRouters({
    type: "bearer",
    handler: (request) => {
        if (request.header("Authorization") !== `Bearer ${TOKEN}`) throw new Error("the token is not the one");
        return "rollcall";
    },
}));
app.listen(Number(PORT), "127.0.0.1");
