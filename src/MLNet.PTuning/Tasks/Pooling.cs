// What of a row classification reads.
using System.Text.Json.Serialization;

namespace MLNet.PTuning;

/// <summary>How a row's hidden states become the one vector that the classification head reads.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Pooling>))]
public enum Pooling
{
    /// <summary>The hidden state of the first token, through the backbone's pooler where it has one, as P-Tuning v2 and BERT do; of a decoder that of the last token, which alone has read the whole row.</summary>
    FirstToken,

    /// <summary>The mean of the hidden states of all tokens, special tokens included and prompt vectors not, as sentence encoders are trained for; without a pooler.</summary>
    Mean,
}
