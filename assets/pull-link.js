// The link by which nbgitpuller copies a fork into a home on a hub and opens one of its notebooks.

export function pullLink({ hub, repo, branch, notebook }) {
    const fork = repo.trim().replace(/\/+$/, "").replace(/\.git$/, "");
    const folder = fork.split("/").pop();  // nbgitpuller's own choice
    const path = `lab/tree/${folder}/${notebook.trim().replace(/^\/+/, "")}`;
    const query = { repo: fork, branch: branch.trim(), urlpath: path };
    const encoded = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
    return `${hub.trim().replace(/\/+$/, "")}/hub/user-redirect/git-pull?${encoded.join("&")}`;
}

for (const form of document.querySelectorAll("form.pull-link")) {
    const show = () => { form.querySelector("output").textContent = pullLink(Object.fromEntries(new FormData(form))); };
    form.addEventListener("input", show);
    form.addEventListener("submit", event => event.preventDefault());
    show();
    form.hidden = false;
}
