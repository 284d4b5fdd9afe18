package variant

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// layouts are what the letters of strftime (POSIX.1-2017) are in layouts of package time. %n and %t make no sense in a line.
var layouts = map[byte]string{
	'a': "Mon", 'A': "Monday", 'b': "Jan", 'B': "January", 'h': "Jan",
	'c': "Mon Jan _2 15:04:05 2006", 'd': "02", 'D': "01/02/06", 'e': "_2", 'F': "2006-01-02",
	'H': "15", 'I': "03", 'j': "002", 'm': "01", 'M': "04", 'p': "PM", 'r': "03:04:05 PM", 'R': "15:04",
	'S': "05", 'T': "15:04:05", 'x': "01/02/06", 'X': "15:04:05", 'y': "06", 'Y': "2006", 'z': "-0700", 'Z': "MST",
}

const maxText = 200 // bytes

// CheckText returns what is wrong with a [Source].Text. After a % these letters of strftime are known, in English: a A b B c d D e
// F h H I j m M p r R S T x X y Y z Z, s for the seconds since 1970, f for microseconds, and % for itself.
func CheckText(text string) error {
	if len(text) > maxText || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return fmt.Errorf("text must be one line of at most %d bytes", maxText)
	}
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			continue
		}
		if i++; i == len(text) {
			return fmt.Errorf("text ends with %%: write %%%% for a percent sign")
		}
		if c := text[i]; layouts[c] == "" && c != 's' && c != 'f' && c != '%' {
			return fmt.Errorf("text: %%%s is no part of a time; write %%%% for a percent sign, and %%H:%%M:%%S for hours, minutes and seconds",
				firstRune(text[i:]))
		}
	}
	return nil
}

func firstRune(text string) string {
	_, size := utf8.DecodeRuneInString(text)
	return text[:size]
}

// appendTime appends a text, with the parts of a time that it names.
func appendTime(dst []byte, text string, t time.Time) []byte {
	for i := 0; i < len(text); i++ {
		if text[i] != '%' || i+1 == len(text) {
			dst = append(dst, text[i])
			continue
		}
		i++
		switch c := text[i]; c {
		case '%':
			dst = append(dst, '%')
		case 's':
			dst = strconv.AppendInt(dst, t.Unix(), 10)
		case 'f':
			micros := t.Nanosecond() / 1000
			dst = strconv.AppendInt(dst, int64(1_000_000+micros), 10)
			dst = append(dst[:len(dst)-7], dst[len(dst)-6:]...)
		default:
			dst = t.AppendFormat(dst, layouts[c])
		}
	}
	return dst
}
