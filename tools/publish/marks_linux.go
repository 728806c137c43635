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
	return mark{info.Size(), info.ModTime().UnixNano(), int64(st.Ctim.Sec)*1e9 + int64(st.Ctim.Nsec), uint64(st.Ino)}, true
}
