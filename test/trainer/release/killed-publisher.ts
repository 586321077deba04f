// Publishes and promotes fixture version 2 into the file store argv[2], and dies by SIGKILL at store call number
// argv[3]: before it, while it is under way, or after it, as argv[4] says.
import { createFileStore } from "../../../trainer/storage/file-store.ts";
import { countedStore } from "./counted-store.ts";
import { publishAndPromote } from "./publisher.ts";

const [, , root = "", step = "", moment = ""] = process.argv;

function die(): void {
  process.kill(process.pid, "SIGKILL");
}

const store = countedStore(createFileStore(root), async (number, operation) => {
  const last = number === Number(step);
  if (last && moment === "before") die();
  const result = operation();
  if (last && moment === "during") {
    // Lets the first file system calls of the operation start.
    setImmediate(die);
  }
  await result;
  if (last) die();
  return result;
});
await publishAndPromote(store, 2);
