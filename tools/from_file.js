// Runs the modules of a page that was opened as a file. Browsers load a module from a server only; a classic script they load
// from anywhere. So the archive holds each module once more, as a script that stores its text under its name (from-file/),
// and what the text says of its own address and of other modules is said here instead.
//
// Behind a server, as with read.py, the modules are taken as they are.

(() => {
  const own = document.currentScript;
  const folder = own.src.replace(/[^/]*$/, "");
  const modules = own.dataset.modules.split(" ");
  if (location.protocol !== "file:") {
    for (const name of modules) import(folder + name);
    return;
  }
  const texts = (window.lifTexts = {});
  const known = new Map();

  function read(name) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.addEventListener("load", () => resolve(texts[name]));
      script.addEventListener("error", () => reject(new Error(`${name} is missing`)));
      script.src = `${folder}from-file/${name}`;
      document.head.append(script);
    });
  }

  async function make(name) {
    const text = (await read(name)).replaceAll("import.meta.url", JSON.stringify(folder)).replaceAll("import(", "lifImport(");
    return import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  }

  window.lifImport = (address) => {
    const name = address.split("/").pop();
    if (!known.has(name)) known.set(name, make(name));
    return known.get(name);
  };
  for (const name of modules) window.lifImport(name);
})();
