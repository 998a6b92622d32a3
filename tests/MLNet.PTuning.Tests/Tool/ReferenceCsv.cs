// A second reader of delimited text, written from RFC 4180 for tests, character by character.
using System.Text;

namespace MLNet.PTuning.Tests.Tool;

internal static class ReferenceCsv
{
    /// <summary>The records of a text without its empty lines.</summary>
    /// <param name="text">The text.</param>
    /// <param name="delimiter">What separates fields; null for one field a line.</param>
    /// <param name="quotes">Whether a quote at a field's beginning opens a quoted field.</param>
    public static List<List<string>> Records(string text, char? delimiter, bool quotes)
    {
        var records = new List<List<string>>();
        var record = new List<string>();
        var field = new StringBuilder();
        int at = 0;
        bool wasQuoted = false;
        while (at < text.Length)
        {
            char c = text[at];
            if (quotes && c == '"' && field.Length == 0 && !wasQuoted)
            {
                wasQuoted = true;
                for (at++; at < text.Length; at++)
                {
                    if (text[at] != '"') field.Append(text[at]);
                    else if (at + 1 < text.Length && text[at + 1] == '"') field.Append(text[at++]);
                    else break;
                }
                at++;
            }
            else if (c == delimiter)
            {
                EndField();
                at++;
            }
            else if (c is '\r' or '\n')
            {
                at += c == '\r' && at + 1 < text.Length && text[at + 1] == '\n' ? 2 : 1;
                EndRecord();
            }
            else
            {
                field.Append(c);
                at++;
            }
        }
        if (field.Length > 0 || record.Count > 0 || wasQuoted) EndRecord();
        return records;

        void EndField()
        {
            record.Add(field.ToString());
            field.Clear();
            wasQuoted = false;
        }

        void EndRecord()
        {
            EndField();
            if (record.Count > 1 || !string.IsNullOrWhiteSpace(record[0])) records.Add(record);
            record = [];
        }
    }
}
