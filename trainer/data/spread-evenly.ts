/** At most `most` items of a list, evenly spread over it; all when it has no more. */
export function spreadEvenly<Item>(items: readonly Item[], most: number): Item[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, i) => items[Math.floor((i * items.length) / most)]).filter(
    (item): item is Item => item !== undefined,
  );
}
