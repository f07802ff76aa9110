/** Raised with every change of the tables: a catalog of another version is put aside and built again. */
export const SCHEMA_VERSION = 1;

/**
 * Numbers of a folder's entries lie in one range (folder number × 2^32), so that a search or a removal in one folder is a
 * range. Moments are keyed by a time in microseconds (`at`) that orders them inside their folder. A span holds the keys of
 * its first and last moment as they were when it was written; it says what stood at each moment that is still kept, and
 * moments that are forgotten leave it as it is. `last` is NULL while it stands in the newest moment.
 */
export const SCHEMA = `
CREATE TABLE folder (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, root TEXT NOT NULL) STRICT;

CREATE TABLE place (
  folder INTEGER NOT NULL, destination TEXT NOT NULL, repository TEXT NOT NULL,
  PRIMARY KEY (folder, destination)
) STRICT, WITHOUT ROWID;

-- Every snapshot that a destination lists; tree is NULL where the folder is not in it. at names its moment.
CREATE TABLE snapshot (
  folder INTEGER NOT NULL, destination TEXT NOT NULL, id TEXT NOT NULL, time INTEGER NOT NULL, tree TEXT, at INTEGER,
  PRIMARY KEY (folder, destination, id)
) STRICT, WITHOUT ROWID;

-- files: how many entries that are not directories stand at the moment. state: 0 while it is being written, 1 whole.
CREATE TABLE moment (
  folder INTEGER NOT NULL, at INTEGER NOT NULL, id TEXT NOT NULL, time INTEGER NOT NULL, tree TEXT NOT NULL,
  added INTEGER NOT NULL, changed INTEGER NOT NULL, removed INTEGER NOT NULL, files INTEGER NOT NULL,
  state INTEGER NOT NULL,
  PRIMARY KEY (folder, at)
) STRICT, WITHOUT ROWID;

-- One path: its directory's number and the raw bytes of its name. tree: the directory's tree in the newest moment.
CREATE TABLE entry (
  id INTEGER PRIMARY KEY, parent INTEGER NOT NULL, name BLOB NOT NULL, gone INTEGER NOT NULL, tree TEXT
) STRICT;
CREATE UNIQUE INDEX entry_child ON entry (parent, name);

-- type: 0 file, 1 directory, 2 symbolic link, 3 other. mtime in milliseconds. content: 16 bytes, NULL for 1 and 3.
CREATE TABLE span (
  entry INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER, type INTEGER NOT NULL, size INTEGER NOT NULL,
  mtime INTEGER NOT NULL, content BLOB,
  PRIMARY KEY (entry, first)
) STRICT, WITHOUT ROWID;
CREATE INDEX span_first ON span (first);
CREATE INDEX span_last ON span (last) WHERE last IS NOT NULL;

-- Names folded (folding.ts); detail=none keeps which entry has which trigram, the rest is verified on the name itself.
CREATE VIRTUAL TABLE name_search USING fts5(
  name, content='', contentless_delete=1, detail=none, tokenize='trigram case_sensitive 1');
CREATE VIRTUAL TABLE gone_search USING fts5(
  name, content='', contentless_delete=1, detail=none, tokenize='trigram case_sensitive 1');

PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** How many entry numbers a folder has. */
export const FOLDER_RANGE = 2 ** 32;
