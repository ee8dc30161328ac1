// Reads /v1/openapi.json and makes a form of each operation. No framework, nothing from elsewhere.
const make = (tag, props = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children);
  return node;
};

// The dashboard keeps the token of the link it was opened with in this tab.
const token = document.getElementById("token");
token.value = sessionStorage.getItem("focusflow.token") ?? "";
token.addEventListener("change", () => sessionStorage.setItem("focusflow.token", token.value));

const spec = await (await fetch("/v1/openapi.json")).json();
const deref = (node) => {
  while (node?.$ref) node = node.$ref.slice(2).split("/").reduce((at, key) => at[key], spec);
  return node;
};

const example = (schema, depth = 0) => {
  schema = deref(schema) ?? {};
  if (schema.example !== undefined) return schema.example;
  if (schema.oneOf) return example(schema.oneOf[0], depth);
  if (schema.enum) return schema.enum[0];
  if (schema.type === "array") return depth > 3 ? [] : [example(schema.items, depth + 1)];
  if (schema.type === "object") {
    return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, value]) => [name, example(value, depth + 1)]));
  }
  return schema.type === "integer" || schema.type === "number" ? 0 : schema.examples?.[0] ?? "";
};

const operation = (path, method, op) => {
  const inputs = new Map();
  const fields = make("div", { className: "fields" });
  for (const parameter of (op.parameters ?? []).map(deref)) {
    const input = make("input", { id: `${op.operationId}.${parameter.name}`, placeholder: parameter.example ?? "" });
    inputs.set(parameter, input);
    const label = make("label", { htmlFor: input.id, textContent: parameter.name + (parameter.required ? " *" : "") });
    fields.append(label, make("span", {}, input, make("small", { textContent: parameter.description ?? "" })));
  }
  const kinds = Object.keys(op.requestBody?.content ?? {});
  const kind = make("select", {}, ...kinds.map((k) => make("option", { textContent: k })));
  const body = make("textarea", { ariaLabel: "body" });
  if (kinds.length) {
    const value = example(op.requestBody.content[kinds[0]].schema);
    body.value = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  }
  const answers = Object.keys(op.responses["200"]?.content ?? {});
  const accept = make("select", { ariaLabel: "form of the answer" }, ...answers.map((k) => make("option", { textContent: k })));
  const output = make("pre", { hidden: true, ariaLive: "polite" });
  const send = make("button", { textContent: "Send", type: "button" });
  send.addEventListener("click", async () => {
    output.hidden = false;
    output.className = "";
    output.textContent = "…";
    let url = path;
    const query = new URLSearchParams();
    const headers = {};
    for (const [parameter, input] of inputs) {
      if (parameter.in === "path") url = url.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
      else if (parameter.in === "query" && input.value) query.append(parameter.name, input.value);
      else if (parameter.in === "header" && input.value) headers[parameter.name] = input.value;
    }
    if (query.size) url += `?${query}`;
    if (token.value) headers.Authorization = `Bearer ${token.value}`;
    if (kinds.length) headers["Content-Type"] = kind.value;
    if (answers.length > 1) headers.Accept = accept.value;
    const started = performance.now();
    try {
      const response = await fetch(url, { method: method.toUpperCase(), headers, body: kinds.length ? body.value : undefined });
      const took = Math.round(performance.now() - started);
      let text = response.headers.get("content-type")?.includes("stream") ? "(a stream: open it with a client)" : await response.text();
      try {
        text = JSON.stringify(JSON.parse(text), null, 2);
      } catch {
        // Not JSON: shown as it came.
      }
      output.className = response.ok ? "" : "error";
      output.textContent = `${method.toUpperCase()} ${url}\n${response.status} ${response.statusText} in ${took} ms\n\n${text.slice(0, 100000)}`;
    } catch (error) {
      output.className = "error";
      output.textContent = String(error);
    }
  });
  const parts = [];
  if (op.description) parts.push(make("p", { textContent: op.description }));
  if (inputs.size) parts.push(fields);
  if (kinds.length) parts.push(kind, body);
  if (answers.length > 1) parts.push(make("p", {}, "Answer as ", accept));
  const isSocket = op.responses["101"] !== undefined;
  if (!isSocket) parts.push(send, output);
  return make(
    "details",
    {},
    make("summary", {}, make("b", { textContent: method.toUpperCase() }), make("code", { textContent: path }), ` ${op.summary}`),
    make("div", {}, ...parts),
  );
};

document.getElementById("about").textContent = spec.info.description;
const list = document.getElementById("operations");
for (const { name } of spec.tags) {
  const of = [];
  for (const [path, methods] of Object.entries(spec.paths)) {
    for (const [method, op] of Object.entries(methods)) if (op.tags.includes(name)) of.push(operation(path, method, op));
  }
  if (of.length) list.append(make("h2", { textContent: name }), ...of);
}
