import { href } from "../../address.ts";
import type { ComparedAttribute, WordedComparison } from "../../api.ts";
import { count, percent } from "../../format/count.ts";
import { Service } from "../../parts/service.tsx";
import { equals } from "../../search.ts";

/** Values of attributes that are more common on one side: what sets the sides apart. */
export function Attributes(props: { found: WordedComparison }) {
  const { attributes, a, b } = props.found;
  if (a.traces === 0 || b.traces === 0) return null;
  return (
    <section class="section" aria-labelledby="attributes-title">
      <h2 id="attributes-title">What sets A apart</h2>
      {attributes.length === 0 ? <p class="soft">No attribute has values that differ between A and B.</p> : (
        <table class="compare-attributes">
          <thead>
            <tr>
              <th scope="col">Service</th>
              <th scope="col">Attribute and value</th>
              <th scope="col">Traces of A</th>
              <th scope="col">Traces of B</th>
            </tr>
          </thead>
          <tbody>
            {attributes.map((one) => (
              <tr key={`${one.service} ${one.key} ${one.value}`}>
                <td class="attribute-service"><Service name={one.service} /></td>
                <td class="attribute-value"><a href={href("traces", { q: `${equals("service", one.service)} ${equals(one.key, one.value)}` })}><code>{one.key}</code> = <strong class="isolate">{one.value}</strong></a></td>
                <Part side="A" part={one.a} of={one.a_of} />
                <Part side="B" part={one.b} of={one.b_of} />
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Part(props: { side: "A" | "B"; part: ComparedAttribute["a"]; of: number }) {
  const { side, part, of } = props;
  const share = of > 0 ? part / of : 0;
  return (
    <td class="attribute-part">
      <span class="compare-label">{side} </span>
      <span class="attribute-text"><strong>{percent(share)}</strong> <span class="soft">{count(part)} of {count(of)}</span></span>
      <span class="share-bar" aria-hidden="true"><span class={`attribute-${side}`} style={{ width: `${share * 100}%` }} /></span>
    </td>
  );
}
