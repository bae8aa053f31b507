// What the page knows, in one place. Whoever shows a part of it subscribes to that part.

/** A store of `values`; `set` tells the subscribers of every name whose value changed, once. */
export function createStore(values) {
  const subscribers = [];
  return {
    get: (name) => values[name],
    set(changes) {
      const changed = Object.keys(changes).filter((name) => values[name] !== changes[name]);
      Object.assign(values, changes);
      for (const { names, tell } of subscribers) if (names.some((name) => changed.includes(name))) tell();
    },
    subscribe(names, tell) {
      subscribers.push({ names, tell });
      tell();
    },
  };
}
