import { describe, expect, it } from "vitest";
import { html, type Markup, scriptJson } from "../../../trainer/report/html.ts";

const item = (text: string): Markup => html`<li title="${text}">${text}</li>`;

describe("html", () => {
  it("escapes text, keeps markup and lists of it, shows nothing for null and false", () => {
    const items = ["<b>", "a & 'b'"].map(item);
    expect(html`${items}${null}${false}${3}`.text).toBe(
      `<li title="&lt;b&gt;">&lt;b&gt;</li><li title="a &amp; &#39;b&#39;">a &amp; &#39;b&#39;</li>3`,
    );
  });
});

describe("scriptJson", () => {
  it("cannot end the script it stands in", () => {
    const { text } = scriptJson({ label: "</script><script>alert(1)</script>" });
    expect(text).not.toContain("<");
    expect(JSON.parse(text)).toEqual({ label: "</script><script>alert(1)</script>" });
  });
});
