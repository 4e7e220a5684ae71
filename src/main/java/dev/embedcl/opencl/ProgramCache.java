package dev.embedcl.opencl;

import java.util.concurrent.ConcurrentHashMap;

/** The programs of a context, by source and options. */
final class ProgramCache {
  private record Key(String source, String options) {}

  private final Context context;
  private final ConcurrentHashMap<Key, Program> programs = new ConcurrentHashMap<>();

  ProgramCache(Context context) {
    this.context = context;
  }

  /** Returns the program, building it if there is none or somebody closed it. */
  Program get(String source, String options) {
    Key key = new Key(source, options);
    Program cached = programs.get(key);
    if (cached != null && !cached.isClosed()) {
      return cached;
    }
    // The map holds others who want the same program until the build is done.
    return programs.compute(
        key,
        (k, present) ->
            present != null && !present.isClosed()
                ? present
                : Program.build(context, source, options));
  }
}
