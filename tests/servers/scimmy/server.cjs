// A SCIM 2.0 service: SCIMMY (schemas, filters, PATCH, paging, Bulk) with its routers for Express, both of which
// others wrote. Ours are only the shelves that users and groups lie on and the start. Both live in memory.
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

const nobody = (id) => new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);

/** Where resources of one type lie, and what SCIMMY asks of it. Groups go on naming an account that was deleted. */
function shelf(type, options) {
    const held = new Map();
    SCIMMY.Resources.declare(type, {
        ...options,
        /** One, or all that the filter matches. Sorting and paging are SCIMMY's. */
        egress({ id, filter }) {
            if (id) {
                if (!held.has(id)) throw nobody(id);
                return held.get(id);
            }
            const all = [...held.values()];
            return filter ? filter.match(all) : all;
        },
        /** Creates, or replaces as PUT and PATCH want it. `userName` is unique, whatever its case (RFC 7643 §4.1.1). */
        ingress({ id }, instance) {
            if (id && !held.has(id)) throw nobody(id);
            const name = instance.userName?.toLowerCase();
            const taken = name && [...held.values()].some((one) => one.id !== id && one.userName.toLowerCase() === name);
            if (taken) throw new SCIMMY.Types.Error(409, "uniqueness", "userName is taken");
            const now = new Date().toISOString();
            const created = id ? held.get(id).meta.created : now;
            const resource = JSON.parse(JSON.stringify(instance));
            Object.assign(resource, { id: id ?? randomUUID(), meta: { created, lastModified: now } });
            held.set(resource.id, resource);
            return resource;
        },
        degress({ id }) {
            if (!held.delete(id)) throw nobody(id);
        },
    });
}

shelf(SCIMMY.Resources.User, { extensions: [{ schema: SCIMMY.Schemas.EnterpriseUser, required: false }] });
shelf(SCIMMY.Resources.Group, {});

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
