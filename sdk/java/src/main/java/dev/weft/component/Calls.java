package dev.weft.component;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** Handler calls on their way from the C library to the author's code. */
final class Calls {
    private final List<Handler<?>> handlers;
    private Error error;

    Calls(List<Handler<?>> handlers) {
        this.handlers = handlers;
    }

    /**
     * Called by the library; nothing may be thrown through it.
     *
     * @return whether the component does not survive it
     */
    boolean call(int number, boolean write, byte[] bytes, long answer) {
        try {
            Handler<?> handler = handlers.get(number);
            if (write) {
                handler.write(bytes);
            } else {
                answer(answer, handler.read(bytes));
            }
        } catch (HandlerException told) {
            fail(answer, told.getMessage());
        } catch (Exception unexpected) {
            unexpected.printStackTrace();
            fail(answer, unexpected.toString());
        } catch (Error broken) {
            fail(answer, broken.toString());
            error = broken;
        }
        return error != null;
    }

    private static void answer(long answer, Object value) {
        if (value instanceof Double) {
            Native.answerReal(answer, (Double) value);
        } else {
            Native.answer(answer, (byte[]) value);
        }
    }

    void rethrow() {
        if (error != null) {
            throw error;
        }
    }

    private static void fail(long answer, String message) {
        Native.answerFailed(answer, String.valueOf(message).getBytes(StandardCharsets.UTF_8));
    }
}
