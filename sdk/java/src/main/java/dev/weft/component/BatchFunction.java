package dev.weft.component;

/** What a component does with each batch of packets. */
@FunctionalInterface
public interface BatchFunction {
    /**
     * Takes 1 to {@value Batch#MOST} packets. On return each leaves by its port, unless it was dropped or kept.
     *
     * @param batch a view that is pointed at the next batch afterwards: not to be stored
     * @throws Exception ends the component: stack trace on standard error, status 1
     */
    void process(Batch batch) throws Exception;
}
