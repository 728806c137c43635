// Package marks tells what the system notes of a file: size, time, number, and
// the time of the last change of any of it, which no program can set. A file
// whose mark is what it was holds the bytes that it held.
//
// What enters: what Lstat says. What leaves: a mark, where the system has one.
// It never opens a file.
package marks

// A Mark is comparable; times are in nanoseconds since 1970.
type Mark struct {
	Size, ModTime, ChangeTime int64
	Inode                     uint64
}
