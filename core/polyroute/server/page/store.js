// A store of the page's data. Each part of the page subscribes to the values that it shows.

/** Return a store of `values`. `set` calls each subscriber of a changed value once. */
export function createStore(values) {
  const subscribers = [];
  return {
    get: (name) => values[name],
    set(changes) {
      const changed = Object.keys(changes).filter((name) => values[name] !== changes[name]);
      Object.assign(values, changes);
      for (const { names, callback } of subscribers) if (names.some((name) => changed.includes(name))) callback();
    },
    subscribe(names, callback) {
      subscribers.push({ names, callback });
      callback();
    },
  };
}
