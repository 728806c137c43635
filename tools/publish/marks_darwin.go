package publish

import (
	"io/fs"
	"syscall"
)

// marks is what the system notes of a file, if it can be told.
func marks(info fs.FileInfo) (mark, bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return mark{}, false
	}
	return mark{info.Size(), info.ModTime().UnixNano(), st.Ctimespec.Sec*1e9 + st.Ctimespec.Nsec, st.Ino}, true
}
