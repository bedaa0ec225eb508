package dev.weft.component;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Objects;

/**
 * A value or command of a component, as {@code weft read NAME component.handler}, {@code weft write} and {@code weft call}
 * reach it. Handlers run between two batches, in the thread that runs the component. An exception fails the call with its message.
 *
 * @param <T> what its value is in Java
 */
public final class Handler<T> {
    /** Value types, in the order of the contract's numbers. */
    private enum Type { TEXT, LINES, UNSIGNED, INTEGER, REAL, BOOL, BUTTON, JSON, BYTES }

    private static final int READ = 1;
    private static final int WRITE = 2;
    private static final int PARAMETER = 4;
    private static final int CALL = 8;

    /** Gives a value. */
    @FunctionalInterface
    public interface Reader<T> {
        /** The value; never null. */
        T read() throws Exception;
    }

    /** Gives the value that belongs to a parameter. */
    @FunctionalInterface
    public interface ParameterReader<T> {
        /** The value; never null. */
        T read(String parameter) throws Exception;
    }

    /** Does what a command is for. */
    @FunctionalInterface
    public interface Command<T> {
        /** The result; never null. The argument is empty where the caller gives none. */
        T call(String argument) throws Exception;
    }

    /** Takes a value. */
    @FunctionalInterface
    public interface Writer<T> {
        /** Takes it. */
        void write(T value) throws Exception;
    }

    private final String name;
    private final Type type;
    private String unit = "";
    private String help = "";
    private String limits = "";
    private ParameterReader<T> reader;
    private Writer<T> writer;
    private boolean takesParameter;
    private boolean isCommand;

    private Handler(String name, Type type) {
        this.name = Objects.requireNonNull(name, "name");
        this.type = type;
    }

    /** A text. */
    public static Handler<String> text(String name) {
        return new Handler<>(name, Type.TEXT);
    }

    /** A text of lines. */
    public static Handler<String> lines(String name) {
        return new Handler<>(name, Type.LINES);
    }

    /** A number of 64 bits without a sign, as {@link Long#toUnsignedString(long)} shows it. */
    public static Handler<Long> unsigned(String name) {
        return new Handler<>(name, Type.UNSIGNED);
    }

    /** A number of 64 bits with a sign. */
    public static Handler<Long> integer(String name) {
        return new Handler<>(name, Type.INTEGER);
    }

    /** A number with a fraction. */
    public static Handler<Double> real(String name) {
        return new Handler<>(name, Type.REAL);
    }

    /** True or false. */
    public static Handler<Boolean> bool(String name) {
        return new Handler<>(name, Type.BOOL);
    }

    /** A JSON document, as its text. */
    public static Handler<String> json(String name) {
        return new Handler<>(name, Type.JSON);
    }

    /** Bytes, as they are. */
    public static Handler<byte[]> bytes(String name) {
        return new Handler<>(name, Type.BYTES);
    }

    /** A command without a value. */
    public static Handler<Void> button(String name, Action action) {
        return new Handler<Void>(name, Type.BUTTON).write(nothing -> action.run());
    }

    /** Sets the unit, such as {@code bytes}. */
    public Handler<T> unit(String text) {
        unit = Objects.requireNonNull(text, "unit");
        return this;
    }

    /** Sets what it is for, in a line. */
    public Handler<T> help(String text) {
        help = Objects.requireNonNull(text, "help");
        return this;
    }

    /**
     * Sets which values it takes: {@code 0..65535} for numbers, either side of which may be left out, {@code tcp|udp} for
     * numbers and texts, {@code ..20 bytes} for texts, lines, JSON and bytes. A command's are those of its argument, a text.
     * Others are refused before {@link #write} or {@link #call}.
     */
    public Handler<T> limits(String text) {
        limits = Objects.requireNonNull(text, "limits");
        return this;
    }

    /** Lets it be read. */
    public Handler<T> read(Reader<T> function) {
        Objects.requireNonNull(function, "reader");
        reader = parameter -> function.read();
        takesParameter = false;
        return this;
    }

    /** Lets it be read with a parameter, which is empty where the caller gives none. */
    public Handler<T> readWith(ParameterReader<T> function) {
        reader = Objects.requireNonNull(function, "reader");
        takesParameter = true;
        return this;
    }

    /** Lets it be written; the value is of the handler's type, others are refused before. */
    public Handler<T> write(Writer<T> function) {
        writer = Objects.requireNonNull(function, "writer");
        return this;
    }

    /** Makes it a command: it is called with a text and gives a result, and can be neither read nor written. */
    public Handler<T> call(Command<T> function) {
        Objects.requireNonNull(function, "command");
        reader = function::call;
        isCommand = true;
        return this;
    }

    String name() {
        return name;
    }

    String unit() {
        return unit;
    }

    String help() {
        return help;
    }

    String limits() {
        return limits;
    }

    boolean isBoth() {
        return isCommand && writer != null;
    }

    int kind() {
        if (isCommand) {
            return type.ordinal() | (READ | PARAMETER | CALL) << 8;
        }
        int access = (reader == null ? 0 : READ) | (writer == null ? 0 : WRITE) | (takesParameter ? PARAMETER : 0);
        return type.ordinal() | access << 8;
    }

    /** A real number as {@link Double}, everything else as its bytes on the wire. */
    Object read(byte[] parameter) throws Exception {
        T value = reader.read(new String(parameter, StandardCharsets.UTF_8));
        if (value == null) {
            throw new HandlerException("handler '" + name + "' has no value");
        }
        switch (type) {
            case REAL:
            case BYTES:
                return value;
            case UNSIGNED:
                return Long.toUnsignedString((Long) value).getBytes(StandardCharsets.UTF_8);
            default:
                return value.toString().getBytes(StandardCharsets.UTF_8);
        }
    }

    void write(byte[] bytes) throws Exception {
        writer.write(value(bytes));
    }

    @SuppressWarnings("unchecked")
    private T value(byte[] bytes) throws HandlerException {
        String text = new String(bytes, StandardCharsets.UTF_8);
        try {
            return (T) parse(text, bytes);
        } catch (NumberFormatException wrong) {
            throw new HandlerException("'" + text + "' is not of type " + type.name().toLowerCase(Locale.ROOT));
        }
    }

    /** What the static method that made the handler says T is. */
    private Object parse(String text, byte[] bytes) {
        switch (type) {
            case UNSIGNED:
                return Long.parseUnsignedLong(text);
            case INTEGER:
                return Long.parseLong(text);
            case REAL:
                return Double.parseDouble(text);
            case BOOL:
                return text.equals("true") || text.equals("1") || text.equals("yes");
            case BUTTON:
                return null;
            case BYTES:
                return bytes;
            default:
                return text;
        }
    }
}
